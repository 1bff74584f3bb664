"""The error catalogue: what each error code means, and what a caller should do about it."""

from collections.abc import Iterable

from rolecall import errors
from rolecall.errors import RolecallError

#: What to do about each code. Several classes of `rolecall.errors` may have the same code.
ADVICE = {
    "VALIDATION_ERROR": "Mend the fields that `validation` or `fieldErrors` names and send the request again.",
    "UNAUTHORIZED": "Send a valid credential in `Authorization`. An access token that has expired: refresh it. "
    "An API token that no longer works: ask an admin to rotate it. Nothing tells which of these it was.",
    "FORBIDDEN": "Ask someone whose role allows it. Repeating the request changes nothing.",
    "MASTER_TOKEN_REQUIRED": "Send the platform's master token; no user's token will do.",
    "ROLE_TRANSITION_DENIED": "Ask an admin of the tenant: a manager may only make users managers and back.",
    "SELF_CHANGE_DENIED": "Ask somebody else: nobody changes, deactivates or deletes themselves.",
    "USER_NOT_FOUND": "Check the id. A user of another tenant is answered like one that never existed.",
    "TENANT_NOT_FOUND": "Check the id. A tenant whose deletion has begun is not found any more.",
    "NOT_FOUND": "Check path and method: an unknown method on a known path is answered like an unknown path.",
    "TENANT_EXISTS": "Choose another name. Case, kinds of space and widths of letters do not tell names apart.",
    "USERNAME_TAKEN": "Use another username. Case does not tell usernames apart, and nobody else's email is one.",
    "EMAIL_TAKEN": "Use another email. Emails are unique on the whole platform and compared without case.",
    "LAST_ADMIN": "Make someone else an admin of the tenant first, then repeat the request.",
    "LAST_SUPERADMIN": "Make someone else a superadmin first, then repeat the request.",
    "CONCURRENT_CHANGE": "Read the thing again and repeat the request if it still makes sense; "
    "where `Retry-After` is there, repeat it unchanged after that.",
    "CONFIRMATION_MISMATCH": "Check that this is the tenant to be deleted, and send its exact name.",
    "DELETION_STARTED": "Nothing can be restored. Follow a tenant's deletion with `GET /global/tenants/{id}/deletion`. "
    "To create something again, take a new `Idempotency-Key`.",
    "TENANT_PROTECTED": 'Lift the protection with `PUT /global/tenants/{id}` and `{"deletion_protection": false}`.',
    "PRECONDITION_FAILED": "Read it again, decide again, and send the new `ETag` in `If-Match`.",
    "PAYLOAD_TOO_LARGE": "Send at most 16 KiB.",
    "UNSUPPORTED_MEDIA_TYPE": "Send `Content-Type: application/json`, in UTF-8 and without a `Content-Encoding`.",
    "IDEMPOTENCY_KEY_REUSED": "Take a new key for a new request; repeat an old request with its very body.",
    "RATE_LIMITED": "Wait as many seconds as `Retry-After` says, then repeat the request.",
    "INTERNAL_ERROR": "Repeat the request later. If it stays, report it with its `X-Request-Id`.",
    "SERVICE_UNAVAILABLE": "Repeat the request after `Retry-After`, with growing waits. Nothing is wrong with it.",
}
#: Said to an operator who invokes a function by hand, and to nobody over HTTP.
WITHOUT_A_ROUTE = errors.OperatorRequestRefused


def classes() -> list[type[RolecallError]]:
    """Every error that a caller over HTTP can be told, with a code and status of its own."""
    return [one for one in _subclasses(RolecallError) if "status" in vars(one) and not issubclass(one, WITHOUT_A_ROUTE)]


def _subclasses(root: type[RolecallError]) -> Iterable[type[RolecallError]]:
    yield root
    for one in root.__subclasses__():
        if one.__module__ == errors.__name__:
            yield from _subclasses(one)


def meanings() -> dict[str, tuple[int, list[str]]]:
    """For each code its status, and what it means: more than one thing for a code that two errors share."""
    found: dict[str, tuple[int, list[str]]] = {}
    for one in classes():
        status, meant = found.setdefault(one.code, (one.status, []))
        if status != one.status:
            raise ValueError(f"{one.code} has two statuses")
        meant.append(_first_paragraph(one))
    return found


def _first_paragraph(error: type[RolecallError]) -> str:
    text = " ".join((error.__doc__ or "").partition("\n\n")[0].split())
    return "Something failed on our side." if error is RolecallError else text


def _by_status() -> dict[str, tuple[int, list[str]]]:
    return dict(sorted(meanings().items(), key=lambda one: (one[1][0], one[0])))


def table() -> str:
    """Every code with its status, what it means and what to do, as a table in Markdown."""
    rows = [
        f"| {status} | `{code}` | {' '.join(meant)} | {ADVICE[code]} |"
        for code, (status, meant) in _by_status().items()
    ]
    return "\n".join(["| status | code | what it means | what to do |", "| --- | --- | --- | --- |", *rows])


def to_markdown(answered_by: dict[str, list[str]]) -> str:
    """`docs/errors.md`; `answered_by` names the operations that answer each code."""
    lines = [
        "# Errors",
        "",
        "What each code means and what to do about it. Made by `make openapi` from the code; `openapi.json` beside",
        "this page says for each route which of them it answers, with examples.",
        "",
        "A program reads the code: `error_code` in the tenant API, `code` in `/v1/api`, both in what the gateway",
        "answers by itself. `error` and `message` are for people and may change.",
        "",
        "Every answer carries `X-Request-Id`: the one that was sent, if it has 1 to 128 letters, digits, `.`, `_` or",
        "`-`, else one of ours; what the gateway answers by itself always has one of ours. It is in our logs and audit",
        "entries, so name it when you ask for help. Every 429 and 503 has `Retry-After`, in seconds.",
        "",
        table(),
        "",
        "## Who answers what",
        "",
        "| code | operations |",
        "| --- | --- |",
    ]
    everywhere = max(len(names) for names in answered_by.values())
    for code in _by_status():
        names = answered_by[code]
        said = "every one" if len(names) == everywhere else ", ".join(f"`{name}`" for name in names)
        elsewhere = ", and the gateway where there is no such route" if code == errors.NotFound.code else ""
        lines.append(f"| `{code}` | {said}{elsewhere} |")
    return "\n".join(lines) + "\n"
