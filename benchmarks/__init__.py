"""Data makers and side-by-side measurements. They stand beside the product and are not installed with it."""
