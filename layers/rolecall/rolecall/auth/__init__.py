"""Who calls, and what they may do: credentials, principals, roles, and the preconditions of a write.

Nothing here changes a user, an account or a tenant.
"""
