"""The vocabulary of the handlers: the only part of ``bot`` that they may import."""
