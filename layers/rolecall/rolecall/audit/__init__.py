"""The audit trail, its redaction, and the events that other services receive.

An entry is built here. The room that makes the change writes the entry in the transaction of that change.
"""
