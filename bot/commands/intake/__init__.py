"""Tables that clerks send, read with patience and taken over as a whole or not at all."""
