"""What the authorizer tells API Gateway."""

from datetime import UTC, datetime

from rolecall.auth import authorizer
from rolecall.auth.principals import MASTER, Principal, PrincipalType

ARN = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/live/GET/users/7c2d/promote"
WHOLE_STAGE = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/live/*"
ADA = Principal(PrincipalType.USER, "7c2d", "ada@example.com", "admin", "1a2b")


def _policy(effect: str) -> dict[str, object]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Action": "execute-api:Invoke", "Effect": effect, "Resource": WHOLE_STAGE}],
    }


def test_a_principal_may_reach_every_route_of_its_stage_so_that_a_cached_answer_fits_all() -> None:
    answer = authorizer.policy_allowing_all_routes(ADA, ARN)

    assert answer["policyDocument"] == _policy("Allow")
    assert answer["principalId"] == "7c2d"


def test_the_context_is_flat_strings_that_become_the_same_principal() -> None:
    for principal in (ADA, MASTER, Principal(PrincipalType.ACCOUNT, "7", "bo@example.com", "ROLE_ADMIN")):
        context = authorizer.policy_allowing_all_routes(principal, ARN)["context"]
        assert {type(value) for value in context.values()} == {str}
        assert Principal.from_authorizer_context({**context, "principalId": principal.id}) == principal


def test_a_denial_covers_the_stage_and_tells_nothing_but_its_time() -> None:
    assert authorizer.policy_denying_all_routes(ARN, datetime(2026, 6, 15, 12, tzinfo=UTC)) == {
        "principalId": "unknown",
        "policyDocument": _policy("Deny"),
        "context": {"denied_at": "2026-06-15T12:00:00Z"},
    }
