"""PUT /v1/api/superadmin/users/{id}/disable: disable someone else's platform account (superadmin)."""

from rolecall import accounts, api, bodies


class Disable(bodies.Body):
    reason: bodies.Reason


@api.route(api.Family.PLATFORM, may_call=api.superadmin, body=Disable, audit_refusals=("disable_account", "account"))
def handler(request: api.Request[Disable]) -> api.Response:
    account = accounts.disable_account(
        request.call, request.int32("id"), reason=request.body.reason, if_match=request.if_match
    )
    return api.Response(200, account.to_json(), api.etag(account.version))
