"""The API's own description: `docs/openapi.json` and `docs/errors.md`, made by `make openapi`.

Requests, parameters, callers and errors are read from the functions, their models and the template. `answers` has the
models of the responses, and `routes` says which responses each route has; the tests compare real responses with both.
Nothing in this package is deployed.
"""
