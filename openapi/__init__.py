"""The API's own description: `docs/openapi.json` and `docs/errors.md`, made by `make openapi`.

Requests, parameters, callers and errors are read from the functions and the template; `answers` has the
models of what is answered and `routes` what each route answers, which the tests hold against real answers.
Nothing of it is deployed with the functions.
"""
