"""SCIM 2.0 (RFC 7643, 7644, 9865): how an identity provider reads and writes a tenant's users.

This room translates a SCIM request into a call of the room `tenants`, and a user or an error into SCIM's JSON. It has
no rule about users, and does not access the table.
"""
