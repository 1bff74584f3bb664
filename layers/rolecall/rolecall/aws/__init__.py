"""How the functions reach AWS: clients, secrets and queues.

Nothing here knows a tenant, a user or a role. DynamoDB has a room of its own, `storage`.
"""
