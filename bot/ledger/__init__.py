"""Ledgers as files that a clerk would hand in: what they look like, and how they are written out row by row."""
