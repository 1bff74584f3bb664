"""Tenants and their users: how they are made, read, listed, changed, and how one user is deleted.

The deletion of a whole tenant is the subject of `deletion`.
"""
