"""Creates the data that a local stack shows: the demo tenants and accounts, and many more users on request."""
