"""Platform accounts: creating, reading, listing and changing them, their sessions, login attempts and history.

Users of tenants are the subject of the room `tenants`.
"""
