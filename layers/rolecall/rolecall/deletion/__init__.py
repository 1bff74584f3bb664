"""The deletion of a tenant: the job, its slices, the sweep, the proof that nothing is left, and the receipt.

It runs by request and by worker. What starts it again after a failure is in `operations`.
"""
