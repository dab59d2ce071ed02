"""What the commands do, one file each; ``bot.__main__`` knows their names."""
