"""The error catalogue: what each error code means, and what a caller should do about it."""

from collections.abc import Iterable

from rolecall import errors
from rolecall.errors import RolecallError

#: What to do about each code. Several classes of `rolecall.errors` may have the same code.
ADVICE = {
    "VALIDATION_ERROR": "Correct the fields that `validation` or `fieldErrors` names and send the request again.",
    "UNAUTHORIZED": "Send a valid credential in `Authorization`. Refresh an expired access token. "
    "If an API token no longer works, ask an admin to rotate it. The answer does not tell what is wrong.",
    "FORBIDDEN": "Ask someone whose role allows the request. Repeating it does not help.",
    "MASTER_TOKEN_REQUIRED": "Send the platform's master token. A token of a user or an account is refused.",
    "WRONG_PASSWORD": "Send the present password. After several wrong ones, wait as `Retry-After` says.",
    "PASSWORD_CHANGE_REQUIRED": "Choose a password of your own with `PUT /v1/api/auth/password`. Until then, only that "
    "route and the logout work.",
    "ROLE_TRANSITION_DENIED": "Ask an admin of the tenant. A manager may only change `user` to `manager` and "
    "`manager` to `user`.",
    "SELF_CHANGE_DENIED": "Ask somebody else. Nobody may change, deactivate or delete themselves.",
    "USER_NOT_FOUND": "Check the id. The answer is the same for a user of another tenant.",
    "WEBHOOK_NOT_FOUND": "Check the id. The answer is the same for a webhook of another tenant.",
    "WEBHOOK_LIMIT": "Delete a webhook that is no longer needed. A tenant has at most ten, and each user at most five.",
    "TENANT_NOT_FOUND": "Check the id. A tenant whose deletion has started is not found.",
    "NOT_FOUND": "Check path and method. An unknown method on a known path gets this answer too.",
    "TENANT_EXISTS": "Choose another name. Names that differ only in case, kinds of space or widths of letters "
    "are the same name.",
    "USERNAME_TAKEN": "Use another username. Case does not count, and another person's email is not allowed.",
    "EMAIL_TAKEN": "Use another email. Emails are unique on the whole platform and compared without case.",
    "LAST_ADMIN": "Make someone else an admin of the tenant first, then repeat the request.",
    "LAST_SUPERADMIN": "Make someone else a superadmin first, then repeat the request.",
    "CONCURRENT_CHANGE": "Read the item again, and repeat the request if it still makes sense. "
    "If the answer has `Retry-After`, repeat the same request after that time.",
    "CONFIRMATION_MISMATCH": "Check that this is the tenant to be deleted, and send its exact name.",
    "DELETION_STARTED": "The deletion cannot be undone. Follow a tenant's deletion with `GET "
    "/global/tenants/{id}/deletion`. "
    "To create the item again, use a new `Idempotency-Key`.",
    "TENANT_PROTECTED": 'Lift the protection with `PUT /global/tenants/{id}` and `{"deletion_protection": false}`.',
    "PRECONDITION_FAILED": "Read the item again, decide again, and send its new `ETag` in `If-Match`.",
    "PAYLOAD_TOO_LARGE": "Send at most 16 KiB, or 64 KiB for `POST /users/promote`.",
    "UNSUPPORTED_MEDIA_TYPE": "Send `Content-Type: application/json`, in UTF-8 and without a `Content-Encoding`.",
    "IDEMPOTENCY_KEY_REUSED": "Use a new key for a new request. Repeat an old request with exactly the same body.",
    "RATE_LIMITED": "Wait as many seconds as `Retry-After` says, then repeat the request.",
    "INTERNAL_ERROR": "Repeat the request later. If it stays, report it with its `X-Request-Id`.",
    "SERVICE_UNAVAILABLE": "Repeat the request after `Retry-After`, with growing waits. The request itself may "
    "be correct.",
}
#: The errors that only an operator gets who invokes a function directly. No HTTP answer has them.
WITHOUT_A_ROUTE = errors.OperatorRequestRefused


def classes() -> list[type[RolecallError]]:
    """Every error class with a code and status that an HTTP answer can have."""
    return [one for one in _subclasses(RolecallError) if "status" in vars(one) and not issubclass(one, WITHOUT_A_ROUTE)]


def _subclasses(root: type[RolecallError]) -> Iterable[type[RolecallError]]:
    yield root
    for one in root.__subclasses__():
        if one.__module__ == errors.__name__:
            yield from _subclasses(one)


def meanings() -> dict[str, tuple[int, list[str]]]:
    """For each code its status and its meanings.

    Two error classes can share a code, so there may be several meanings.
    """
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
    """A Markdown table with the status, the meaning and the advice for each code."""
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
        "What each code means and what to do about it. `make openapi` makes this page from the code. "
        "`openapi.json` lists",
        "the codes of each route, with examples.",
        "",
        "Programs read the code: `error_code` in the tenant API, `code` in `/v1/api`. An error of the gateway "
        "itself has",
        "both. `error` and `message` are for people and may change.",
        "",
        "Every answer has the header `X-Request-Id`. It is the id that the caller sent, if it has 1 to 128 letters,",
        "digits, `.`, `_` or `-`, else an id that the server made. An answer of the gateway itself always has an "
        "id that",
        "the server made. The id is in the logs and audit entries, so name it when you ask for help. Every 429 "
        "and 503 has",
        "`Retry-After`, in seconds.",
        "",
        table(),
        "",
        "## The operations that answer each code",
        "",
        "| code | operations |",
        "| --- | --- |",
    ]
    everywhere = max(len(names) for names in answered_by.values())
    for code in _by_status():
        names = answered_by[code]
        said = "all operations" if len(names) == everywhere else ", ".join(f"`{name}`" for name in names)
        elsewhere = ", and the gateway for an unknown path" if code == errors.NotFound.code else ""
        lines.append(f"| `{code}` | {said}{elsewhere} |")
    return "\n".join(lines) + "\n"
