"""The models on real databases, and the imports that fill them."""
