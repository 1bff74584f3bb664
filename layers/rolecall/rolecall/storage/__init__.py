"""The one table: its keys, its expressions, reads, writes and retries.

This is the only room that talks to DynamoDB. It knows where each item lies, and no rule about who may change it.
"""
