"""The one table: its keys, its expressions, reads, writes and retries.

Only this room calls DynamoDB. It knows where each item is stored, but no rule about who may change it.
"""
