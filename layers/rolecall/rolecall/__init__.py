"""Rolecall: users, roles and tenants of a platform, in one DynamoDB table.

Functions import `api` and the domain modules; those import downwards only:
`functions -> api, domain -> audit, tokens, roles -> store -> keys, config, errors`.
"""

import gc

# Importing makes many objects and hardly any garbage, which by default is looked for a dozen times meanwhile. `store`,
# once it has its client, makes that a number for requests.
gc.set_threshold(1_000_000)
