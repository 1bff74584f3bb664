"""Rolecall: users, roles and tenants of a platform, in one DynamoDB table.

Functions import `api` and the domain modules; those import downwards only:
`functions -> api, domain -> audit, tokens, roles -> store -> keys, config, errors`.
"""
