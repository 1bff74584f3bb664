"""Rolecall: users, roles and tenants of a platform, in one DynamoDB table.

The package has rooms (subpackages) on floors. A module imports only from the floors below its own, or from its own
room: `operations -> http, tenants, accounts, deletion -> audit -> auth -> storage -> aws -> this folder's modules`.
`tests/unit/test_imports.py` holds the floor plan.
"""

import gc

# Python's garbage collector would run about twelve times during a cold start, and would find almost nothing. This high
# threshold keeps it from running during imports. `storage.dynamodb` sets a lower threshold before the first request.
gc.set_threshold(1_000_000)
