"""Webhooks of tenants: their items, their secrets, and the delivery of events to their receivers.

A webhook of a tenant gets the events of all users of the tenant. A webhook of a user gets only that user's events.
"""
