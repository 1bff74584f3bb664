"""The parts of each route's description that neither its function nor the template has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from openapi import answers
from rolecall import errors
from rolecall.auth.roles import PlatformRole, Role
from rolecall.errors import RolecallError
from rolecall.text_rules import MAX_REASON_LENGTH

USERS, TENANTS, AUDIT = "Tenant API: users", "Tenant API: tenants", "Tenant API: audit"
SIGN_IN = "Tenant API: sign-in"
WEBHOOKS = "Tenant API: webhooks"
SESSIONS, ACCOUNTS = "Platform API: sessions", "Platform API: accounts"
REFERENCE, CONSOLE = "Reference", "Console"
#: In the order in which a new reader needs them.
TAGS = {
    USERS: "The users of a tenant. The tenant is the one of the caller's credential, never one of the request.",
    SIGN_IN: "Signing in with email and password, as a user of a tenant.",
    TENANTS: "Tenants from their registration to their deletion. For operators, with the master token.",
    WEBHOOKS: "Addresses to which Rolecall sends events about the tenant's users.",
    AUDIT: "Who changed what, and who tried to.",
    SESSIONS: "Logging in and out of a platform account.",
    ACCOUNTS: "The platform's accounts. For superadmins.",
    REFERENCE: "This page, and the document that it shows.",
    CONSOLE: "The web page for people who administer. It is left out where the parameter `Console` is `false`.",
}

type Schema = dict[str, Any]
_CURSOR: Schema = {"type": "string", "description": "The cursor of the page before this one, with the same filters."}
_PREFIX: Schema = {"type": "string", "maxLength": 254, "description": "The beginning of the email, in any case."}
_TEXT: Schema = {"type": "string", "maxLength": 254}
_UUID_PATTERN = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_WORD = "[a-z][a-z0-9_-]{0,99}"
_ACTOR_OR_TARGET: Schema = {"type": "string", "pattern": f"^({_UUID_PATTERN}|[0-9]{{1,10}}|{_WORD})$"}
_FLAG: Schema = {"type": "boolean"}
_INCLUDE: Schema = {
    "type": "string",
    "enum": ["allowed_roles"],
    "description": "`allowed_roles`: also the roles that the caller could give each user.",
}
_REASON: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_REASON_LENGTH,
    "description": "The reason, for the audit entry and the role event.",
}


def _limit(default: int) -> Schema:
    return {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
        "default": default,
        "description": "The number of rows in a page.",
    }


def _moment(description: str) -> Schema:
    return {"type": "string", "format": "date-time", "maxLength": 254, "description": description}


def _one_of(choices: type[Role | PlatformRole]) -> Schema:
    return {"type": "string", "enum": [str(choice) for choice in choices]}


TENANT_ID: Schema = {
    "type": "string",
    "format": "uuid",
    "description": "Id of the tenant.",
    "example": answers.TENANT_ID,
}
USER_ID: Schema = {"type": "string", "format": "uuid", "description": "Id of the user.", "example": answers.USER_ID}
WEBHOOK_ID: Schema = {
    "type": "string",
    "format": "uuid",
    "description": "Id of the webhook.",
    "example": answers.WEBHOOK_ID,
}
ACCOUNT_ID: Schema = {
    "type": "integer",
    "format": "int32",
    "minimum": 1,
    "maximum": 2**31 - 1,
    "description": "Id of the account.",
    "example": 123,
}


@dataclass(frozen=True)
class Answer:
    """A successful response: its meaning, the models of its body, and its headers beside those of every response.

    `files` are the media types of a response that is a file.
    """

    description: str
    models: tuple[type[BaseModel], ...] = ()
    headers: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """A route. `errors` are those that its operation raises; the document adds those that every route may raise."""

    tag: str
    answers: Mapping[int, Answer]
    errors: tuple[type[RolecallError], ...] = ()
    headers: tuple[str, ...] = ()
    path: Mapping[str, Schema] = field(default_factory=dict)
    query: Mapping[str, Schema] = field(default_factory=dict)
    description: str = ""


def _ok(description: str, *models: type[BaseModel], etag: bool = False, link: bool = False) -> dict[int, Answer]:
    return {200: Answer(description, models, (*(("ETag",) if etag else ()), *(("Link",) if link else ())))}


_REFRESHING = (
    "A spent token that is used again ends its session. One case is different: within ten seconds, the "
    "same client can repeat the last refresh of the session, and gets the same refresh token again. A token that "
    "was replaced before that one ends the session, also within the ten seconds."
)
_IF_MATCH, _KEY = ("If-Match",), ("Idempotency-Key",)
_CREATING = (
    errors.EmailTaken,
    errors.ConcurrentChange,
    errors.RequestInProgress,
    errors.ResultDeleted,
    errors.IdempotencyKeyReused,
)
_CHANGING_A_USER = (
    errors.SelfChangeDenied,
    errors.UserNotFound,
    errors.PreconditionFailed,
    errors.LastAdmin,
    errors.ConcurrentChange,
)
_CHANGING_AN_ACCOUNT = (
    errors.SelfChangeDenied,
    errors.AccountNotFound,
    errors.PreconditionFailed,
    errors.ConcurrentChange,
)


def _account_change(description: str, *more: type[RolecallError]) -> Operation:
    return Operation(
        ACCOUNTS,
        _ok("The whole profile as it is now; what was so already changes nothing.", answers.Account, etag=True),
        errors=(*_CHANGING_AN_ACCOUNT, *more),
        headers=_IF_MATCH,
        path={"id": ACCOUNT_ID},
        description=description,
    )


#: By the function's folder, in the order of the document.
OPERATIONS: dict[str, Operation] = {
    "promote_user": Operation(
        USERS,
        _ok(
            "The role is changed. Asking for the role that the user has already changes nothing, so a retry is safe.",
            answers.RoleChanged,
            etag=True,
        ),
        errors=(*_CHANGING_A_USER, errors.RoleTransitionDenied),
        headers=_IF_MATCH,
        path={"id": USER_ID},
        description="An admin gives anyone else in the tenant any role. A manager makes a user a manager and back. "
        "Nobody changes their own role, and a tenant keeps at least one active admin, also when requests race. "
        "The new role counts from this answer on. With `until`, the role is a temporary one: it needs to be above the "
        "lasting role, and it ends by itself. The same role without `until` becomes the lasting one. Who holds a role "
        "temporarily gives none above their own lasting role, except with an `until` no later than their own end.",
    ),
    "promote_users": Operation(
        USERS,
        _ok("What became of each change, in the order of the request.", answers.RolesChanged),
        description="Each change obeys the rules of a promotion, in a transaction and with an audit entry of its own. "
        "One that is refused stops no other. Whether the caller may still make changes is checked for each. "
        "Changes for which the time does not suffice are `not_tried`. Repeating the request is safe. With `dry_run` "
        "nothing is changed, and the results say what would happen, each after the ones before it. The body has at "
        "most 64 KiB. A user that is named twice is a 400.",
    ),
    "list_users": Operation(
        USERS,
        _ok("A page of users, full unless it is the last.", answers.UserList),
        query={
            "limit": _limit(1000),
            "cursor": _CURSOR,
            "role": _one_of(Role),
            "active": _FLAG,
            "email": _PREFIX,
            "include": _INCLUDE,
        },
        description="A user that exists while all pages are read is listed exactly once. A user whose email changes "
        "meanwhile may be listed twice or not at all. `role` is the role in force at the moment of the answer.",
    ),
    "create_user": Operation(
        USERS,
        {201: Answer("The user, with the API token that is shown this once.", (answers.UserCreated,), ("ETag",))},
        errors=_CREATING,
        headers=_KEY,
        description="Emails are unique on the platform and compared without case.",
    ),
    "get_user": Operation(
        USERS,
        _ok("The user.", answers.UserFound, etag=True),
        errors=(errors.UserNotFound,),
        path={"id": USER_ID},
        query={"include": _INCLUDE},
    ),
    "update_user": Operation(
        USERS,
        _ok("The user is changed, or was so already.", answers.UserUpdated, etag=True),
        errors=(*_CHANGING_A_USER, errors.RoleTransitionDenied, errors.EmailTaken),
        headers=_IF_MATCH,
        path={"id": USER_ID},
        description="A new role follows the rules of `promote_user`. An inactive user can do nothing. An admin may "
        "change an email, also their own: the user keeps its API token and its sessions, and the former email is free "
        "at once. All fields are changed in one transaction, or none.",
    ),
    "delete_user": Operation(
        USERS,
        _ok("The user is gone, with devices, sessions and token.", answers.UserDeleted),
        errors=_CHANGING_A_USER,
        headers=_IF_MATCH,
        path={"id": USER_ID},
        query={"reason": _REASON},
    ),
    "rotate_token": Operation(
        USERS,
        _ok("The new API token, shown this once. The old one is dead.", answers.TokenRotated, etag=True),
        errors=(errors.UserNotFound, errors.ConcurrentChange),
        path={"id": USER_ID},
    ),
    "log_in_user": Operation(
        SIGN_IN,
        _ok("The tokens of a new session, and the user.", answers.UserLoggedIn),
        errors=(errors.Unauthorized, errors.RateLimited, errors.ConcurrentChange),
        description="The access token is accepted wherever the user's API token is, with the same rights. A wrong "
        "email, a wrong password, a user who is not active and a tenant that is closed are one and the same 401. "
        "Repeated failures are answered 429 with a `Retry-After` that grows.",
    ),
    "refresh_user_session": Operation(
        SIGN_IN,
        _ok("The next tokens of the session; the refresh token is spent.", answers.UserSessionRefreshed),
        errors=(errors.Unauthorized, errors.ConcurrentChange),
        description=_REFRESHING,
    ),
    "log_out_user": Operation(
        SIGN_IN,
        _ok(
            "Both tokens are dead. So it is too with a refresh token that is good for nothing any more.",
            answers.UserLoggedOut,
        ),
        description="An API token stays valid: with one, only the session of the refresh token ends.",
    ),
    "change_password": Operation(
        SIGN_IN,
        _ok("The password is changed. Every other session of the user has ended.", answers.PasswordChanged, etag=True),
        errors=(errors.UserNotFound, errors.WrongPassword, errors.RateLimited, errors.ConcurrentChange),
        path={"id": USER_ID},
        description="One's own with `current_password`, which counts like a login if it is wrong; the password of "
        "someone whom one manages without it. The present password is refused. API tokens stay valid.",
    ),
    "register_tenant": Operation(
        TENANTS,
        {201: Answer("The tenant and its first admin, with the API token.", (answers.TenantRegistered,), ("ETag",))},
        errors=(errors.TenantExists, *_CREATING),
        headers=_KEY,
        description="The first user is always an admin, whatever role the request names. Names that look alike "
        "are the same name.",
    ),
    "list_tenants": Operation(
        TENANTS,
        _ok("A page of tenants, full unless it is the last.", answers.TenantList),
        query={
            "limit": _limit(1000),
            "cursor": _CURSOR,
            "status": {
                "type": "string",
                "enum": ["active", "scheduled", "deleting"],
                "default": "active",
                "description": "`scheduled`: closed, to be deleted at `deletes_at`. `deleting`: being removed.",
            },
            "name": {**_TEXT, "description": "The beginning of the name. Names that look alike are the same name."},
        },
    ),
    "get_tenant": Operation(
        TENANTS,
        _ok("The tenant.", answers.TenantFound, etag=True),
        errors=(errors.TenantNotFound,),
        path={"id": TENANT_ID},
    ),
    "update_tenant": Operation(
        TENANTS,
        _ok("The tenant as it is now.", answers.TenantUpdated, etag=True),
        errors=(errors.TenantNotFound, errors.PreconditionFailed, errors.ConcurrentChange),
        headers=_IF_MATCH,
        path={"id": TENANT_ID},
    ),
    "delete_tenant": Operation(
        TENANTS,
        {
            200: Answer(
                "Nothing is left; or what a dry run found.", (answers.TenantDeleted, answers.DeletionPreviewed)
            ),
            202: Answer(
                "Accepted; the rest happens on its own. Or scheduled.",
                (answers.DeletionAccepted, answers.DeletionScheduled),
                ("Location",),
            ),
        },
        errors=(
            errors.TenantNotFound,
            errors.ConfirmationMismatch,
            errors.TenantProtected,
            errors.ConcurrentChange,
        ),
        headers=("X-Confirm-Tenant-Name",),
        path={"id": TENANT_ID},
        query={
            "dry_run": {**_FLAG, "description": "Only count the items that a deletion would remove."},
            "reason": _REASON,
            "grace_days": {
                "type": "integer",
                "minimum": 1,
                "maximum": 90,
                "description": "Close the tenant now and delete it that many days later, unless it is restored before.",
            },
        },
        description="Irreversible, unless `grace_days` is given. From the moment that it is accepted no token of the "
        "tenant works and nothing can be written into it. Repeating the request while it runs answers 202 with the "
        "same job; after it, 404. While a deletion is scheduled, the request without `grace_days` starts it at once; "
        "with `grace_days`, it answers 202 with the job as it was scheduled first.",
    ),
    "restore_tenant": Operation(
        TENANTS,
        _ok("The tenant is active again, with everything as it was.", answers.TenantRestored, etag=True),
        errors=(errors.TenantNotFound, errors.DeletionStarted, errors.ConcurrentChange),
        path={"id": TENANT_ID},
        description="Takes a scheduled deletion back: nothing was removed, and the tokens work again. 409 once the "
        "deletion has started, 404 if none is scheduled.",
    ),
    "get_deletion": Operation(
        TENANTS,
        _ok("How far the deletion is, or its receipt.", answers.DeletionFound),
        errors=(errors.TenantNotFound,),
        path={"id": TENANT_ID},
    ),
    "list_webhooks": Operation(
        WEBHOOKS,
        _ok("A page of webhooks, full unless it is the last.", answers.WebhookList),
        query={"limit": _limit(100), "cursor": _CURSOR},
        description="Those of the tenant and those of its users. A webhook that was made in the same second may be "
        "missing.",
    ),
    "create_webhook": Operation(
        WEBHOOKS,
        {201: Answer("The webhook, with the secret that is shown this once.", (answers.WebhookCreated,))},
        errors=(errors.UserNotFound, errors.WebhookLimit, errors.ConcurrentChange),
        description="Without `user_id`, the webhook hears of every user of the tenant, with it of that user only. A "
        "tenant has at most ten, and each user at most five.",
    ),
    "delete_webhook": Operation(
        WEBHOOKS,
        _ok("The webhook is gone. Nothing is delivered to it any more.", answers.WebhookDeleted),
        errors=(errors.WebhookNotFound, errors.ConcurrentChange),
        path={"id": WEBHOOK_ID},
    ),
    "rotate_webhook_secret": Operation(
        WEBHOOKS,
        _ok("The new secret, shown this once.", answers.WebhookSecretRotated),
        errors=(errors.WebhookNotFound, errors.ConcurrentChange),
        path={"id": WEBHOOK_ID},
        description="For 24 hours deliveries are signed with the former secret too. A disabled webhook is active "
        "again.",
    ),
    "send_webhook_test": Operation(
        WEBHOOKS,
        {202: Answer("A `webhook.test` will be sent.", (answers.WebhookTestQueued,))},
        errors=(errors.WebhookNotFound, errors.ConcurrentChange, errors.WebhookTestWaiting),
        path={"id": WEBHOOK_ID},
        description="It is sent to a disabled webhook too. If it succeeds, the webhook is active again. One test of a "
        "webhook waits at a time: until it has been sent, or for five minutes, another one is 429.",
    ),
    "list_audit": Operation(
        AUDIT,
        _ok("A page of entries, newest first.", answers.AuditList),
        errors=(errors.TenantNotFound,),
        query={
            "limit": _limit(100),
            "cursor": _CURSOR,
            "tenant_id": {
                "type": "string",
                "format": "uuid",
                "description": "Required with the master token. A user may name only their own tenant; any other "
                "is 404.",
            },
            "action": {"type": "string", "pattern": f"^{_WORD}$", "description": "The action, such as `promote_user`."},
            "actor": {**_ACTOR_OR_TARGET, "description": "Id of the actor."},
            "target": {**_ACTOR_OR_TARGET, "description": "Id of the target."},
            "outcome": {"type": "string", "enum": ["succeeded", "denied"], "description": "The outcome."},
            "from": _moment("The earliest time, inclusive."),
            "to": _moment("The latest time, inclusive to the second."),
        },
        description="With `action`, `actor` or `outcome` one request reads up to two thousand entries, so a page may "
        "have fewer entries than `limit`, or none, although more follow: go on while there is a `next_cursor`. `from`, "
        "`to` and `target` make it quick. Ten refusals of the same actor and action in a minute have entries of their "
        "own. One more entry counts the rest of that minute in `refusals`. After two hundred such entries of one "
        "actor in a day, one entry for each action counts the rest of the day.",
    ),
    "log_in": Operation(
        SESSIONS,
        _ok("The tokens of a new session.", answers.Login),
        errors=(errors.Unauthorized, errors.RateLimited, errors.ConcurrentChange),
        description="A wrong email, a wrong password and a banned or disabled account get the same 401. "
        "Repeated failures are answered 429 with a `Retry-After` that grows.",
    ),
    "refresh_session": Operation(
        SESSIONS,
        _ok("The next tokens of the session; the refresh token is spent.", answers.TokenPair),
        errors=(errors.Unauthorized, errors.ConcurrentChange),
        description=_REFRESHING,
    ),
    "log_out": Operation(
        SESSIONS,
        {204: Answer("Both tokens are dead. So it is too with a refresh token that is good for nothing any more.")},
    ),
    "change_account_password": Operation(
        SESSIONS,
        {204: Answer("The password is changed. Every other session of the account has ended.")},
        errors=(errors.WrongPassword, errors.RateLimited, errors.ConcurrentChange),
        description="A wrong `currentPassword` counts like a failed login. The present password is refused. "
        "Whoever has a temporary password changes it here.",
    ),
    "list_accounts": Operation(
        ACCOUNTS,
        _ok("A page of accounts, full unless it is the last.", answers.AccountList),
        query={
            "limit": _limit(100),
            "cursor": _CURSOR,
            "role": _one_of(PlatformRole),
            "enabled": _FLAG,
            "banned": _FLAG,
            "email": _PREFIX,
        },
    ),
    "create_account": Operation(
        ACCOUNTS,
        {201: Answer("The whole profile.", (answers.Account,), ("ETag", "Location"))},
        errors=(*_CREATING, errors.UsernameTaken),
        headers=_KEY,
        description="Without a username, the email is the username. Usernames are unique without regard to case, "
        "and another person's email is refused.",
    ),
    "get_account": Operation(
        ACCOUNTS,
        _ok("The whole profile.", answers.Account, etag=True),
        errors=(errors.AccountNotFound,),
        path={"id": ACCOUNT_ID},
    ),
    "change_account_role": _account_change(
        "The new role counts from this answer on, for tokens issued before it too. The platform keeps at least one "
        "enabled superadmin. The reason is kept in the history. With `until`, the role is a temporary one: it needs to "
        "be above the lasting role, and it ends by itself. The same role without `until` becomes the lasting one.",
        errors.LastSuperadmin,
        errors.RoleTransitionDenied,
    ),
    "ban_account": _account_change("Every session of the account ends for good.", errors.LastSuperadmin),
    "unban_account": _account_change("Sessions that the ban ended stay ended."),
    "enable_account": _account_change("Sessions that the disabling ended stay ended."),
    "disable_account": _account_change("Every session of the account ends for good.", errors.LastSuperadmin),
    "reset_account_password": Operation(
        ACCOUNTS,
        _ok("The temporary password, shown this once. Every session of the account has ended.", answers.PasswordReset),
        errors=_CHANGING_AN_ACCOUNT,
        headers=_IF_MATCH,
        path={"id": ACCOUNT_ID},
        description="Until the account has changed the temporary password, its access tokens are accepted for that and "
        "for the logout only; every other route answers 403 `PASSWORD_CHANGE_REQUIRED`.",
    ),
    "list_account_history": Operation(
        ACCOUNTS,
        _ok("A page of the history.", answers.History, link=True),
        errors=(errors.AccountNotFound,),
        path={"id": ACCOUNT_ID},
        query={"limit": _limit(100), "cursor": _CURSOR},
        description="`Link` has the address of the next page, relative to this one. The last page has no `Link`.",
    ),
    "show_docs": Operation(
        REFERENCE,
        {200: Answer("The page.", headers=("Content-Security-Policy",), files=("text/html",))},
        description="The page loads nothing from other servers, and forgets credentials when it is closed.",
    ),
    "get_docs_asset": Operation(
        REFERENCE,
        {200: Answer("The file.", files=("application/json", "text/css", "text/javascript"))},
        errors=(errors.NotFound,),
        path={"asset": {"type": "string", "description": "Name of the file.", "example": "openapi.json"}},
        query={"v": {**_TEXT, "description": "Version of the viewer. A browser caches each version separately."}},
    ),
    "show_console": Operation(
        CONSOLE,
        {200: Answer("The page.", headers=("Content-Security-Policy",), files=("text/html",))},
        description="The page loads nothing from other servers, and forgets credentials when it is closed.",
    ),
    "get_console_asset": Operation(
        CONSOLE,
        {200: Answer("The file.", files=("image/svg+xml", "text/css", "text/javascript"))},
        errors=(errors.NotFound,),
        path={"asset": {"type": "string", "description": "Name of the file, with a hash of its content."}},
        description="A browser may keep the file forever, because other content has another name.",
    ),
}
