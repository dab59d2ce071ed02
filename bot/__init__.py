"""How it gets there: the machine room between WeChat, what is said and what is true."""
