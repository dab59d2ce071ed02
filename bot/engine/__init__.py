"""One message in, one reply out: once only, in order, in one transaction with everything it causes."""
