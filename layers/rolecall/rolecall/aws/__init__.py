"""How the functions reach AWS: clients, secrets and queues.

Nothing here knows a tenant, a user or a role; DynamoDB is the subject of `storage`.
"""
