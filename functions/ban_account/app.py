"""PUT /v1/api/superadmin/users/{id}/ban: ban someone else's platform account (superadmin)."""

from rolecall import accounts, api, bodies


class Ban(bodies.Body):
    reason: bodies.Reason


@api.route(api.Family.PLATFORM, may_call=api.superadmin, body=Ban, audit_refusals=("ban_account", "account"))
def handler(request: api.Request[Ban]) -> api.Response:
    account = accounts.ban_account(
        request.call, request.int32("id"), reason=request.body.reason, if_match=request.if_match
    )
    return api.Response(200, account.to_json(), api.etag(account.version))
