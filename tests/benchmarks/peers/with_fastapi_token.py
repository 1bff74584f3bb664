"""The FastAPI peer without an authorizer in front of it: it checks the caller's API token itself, in one function."""

from fastapi import HTTPException, Request

from tests.benchmarks.peers import storage, with_fastapi


def authenticate(request: Request) -> dict[str, str]:
    """Returns the principal that an authorizer would have put into the event."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    try:
        return storage.authenticate(with_fastapi.client, token)
    except storage.Refused:
        raise HTTPException(401) from None


with_fastapi.app.dependency_overrides[with_fastapi.principal] = authenticate
handler = with_fastapi.handler
