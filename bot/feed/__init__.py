"""The calendar feed: an organisation's turns and activities as phones subscribe to them."""
