"""GET /v1/api/superadmin/users/{id}: the whole profile of a platform account (superadmin)."""

from rolecall import accounts, api


@api.route(api.Family.PLATFORM, may_call=api.superadmin)
def handler(request: api.Request[None]) -> api.Response:
    account = accounts.get_account(request.int32("id"))
    return api.Response(200, account.to_json(), api.etag(account.version))
