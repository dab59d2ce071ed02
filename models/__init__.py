"""What is true: entities with their rules, collections, the unit of work."""
