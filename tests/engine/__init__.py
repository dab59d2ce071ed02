"""The engine and its writer, on both databases where it matters."""
