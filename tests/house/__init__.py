"""Rules about the code itself: what a reviewer would otherwise have to look for each time."""
