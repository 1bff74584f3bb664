"""Platform accounts: how they are made, read, listed and changed, their sessions, login attempts and history.

Users of tenants are the subject of `tenants`.
"""
