"""What runs without a caller: scheduled maintenance, the check of the invariants, and the operator's actions.

Nothing that serves a request imports this room.
"""
