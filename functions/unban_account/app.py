"""PUT /v1/api/superadmin/users/{id}/unban: lift the ban of someone else's platform account (superadmin)."""

from rolecall import accounts, api, bodies


class Unban(bodies.Body):
    reason: bodies.Reason


@api.route(api.Family.PLATFORM, may_call=api.superadmin, body=Unban, audit_refusals=("unban_account", "account"))
def handler(request: api.Request[Unban]) -> api.Response:
    account = accounts.unban_account(
        request.call, request.int32("id"), reason=request.body.reason, if_match=request.if_match
    )
    return api.Response(200, account.to_json(), api.etag(account.version))
