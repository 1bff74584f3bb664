"""Deleting a tenant: the job, its slices, the sweep, the proof that nothing remains, and the receipt.

1. *Tombstone* (`requests`): one transaction marks the tenant as deleting, writes the job and its slices, releases
   the tenant's name and writes the audit entry. From then on no token of the tenant works, and nothing can be
   written into the tenant.
2. *Sweep and proof* (`sweep`): the request sweeps as long as its time allows. Workers do the rest, one queue
   message per slice (`workers`). Maintenance sends a lost message again; it lives in the room `operations`.
3. *Receipt* (`completion`): when every slice is proven empty, and a consistent query of the tenant's partition
   returns nothing else, one transaction turns the job into the receipt and deletes the tenant's own item.
"""
