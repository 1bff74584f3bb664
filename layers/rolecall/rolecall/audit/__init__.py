"""The audit trail, its redaction, and the events for other services.

An entry is built here. The room that makes a change writes the entry in the transaction of that change.
"""
