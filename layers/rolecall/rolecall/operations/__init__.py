"""Code that runs without a caller: scheduled maintenance, the check of the invariants, and the operator's operations.

No function that serves a request imports this room.
"""
