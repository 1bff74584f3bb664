"""Tenants and their users: creating, reading, listing and changing them, and deleting one user.

Deleting a whole tenant is the subject of the room `deletion`.
"""
