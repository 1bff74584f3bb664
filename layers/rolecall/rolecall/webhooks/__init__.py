"""Webhooks of tenants: their items, their secrets, and the delivery of events to their receivers.

A webhook of a tenant hears of every user of the tenant. A webhook of a user hears of that user only.
"""
