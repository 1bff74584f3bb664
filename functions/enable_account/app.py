"""PUT /v1/api/superadmin/users/{id}/enable: enable someone else's platform account (superadmin)."""

from rolecall import accounts, api, bodies


class Enable(bodies.Body):
    reason: bodies.Reason


@api.route(api.Family.PLATFORM, may_call=api.superadmin, body=Enable, audit_refusals=("enable_account", "account"))
def handler(request: api.Request[Enable]) -> api.Response:
    account = accounts.enable_account(
        request.call, request.int32("id"), reason=request.body.reason, if_match=request.if_match
    )
    return api.Response(200, account.to_json(), api.etag(account.version))
