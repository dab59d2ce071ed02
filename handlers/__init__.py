"""What is said: one file per thing that a member can do."""
