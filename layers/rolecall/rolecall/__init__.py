"""Rolecall: users, roles and tenants of a platform, in one DynamoDB table.

The package has rooms (subpackages) on floors. A module imports only from the floors below its own, or from its own
room: `operations -> http, tenants, accounts, deletion -> audit -> auth -> storage -> aws -> this folder's modules`.
`tests/unit/test_imports.py` holds the floor plan.
"""

import gc

# Importing makes many objects and hardly any garbage, but Python would search for garbage a dozen times meanwhile.
# `storage.dynamodb` sets the threshold for requests once it has its client.
gc.set_threshold(1_000_000)
