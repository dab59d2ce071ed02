"""The web admin: pages for those who run the account. Loaded when the first of them is asked for."""
