"""Who calls, and what they may do: credentials, principals, roles, and the conditions that hold them true at a write.

Nothing here changes a user, an account or a tenant.
"""
