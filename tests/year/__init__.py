"""A year of the region in some minutes: real processes, one PostgreSQL, a platform that fails, and a clock that the test moves."""
