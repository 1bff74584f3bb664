"""The platform API: two accounts of the walk's own, which the operator's function removes again."""

import secrets
from dataclasses import replace
from typing import Any

from rolecall.errors import AccountNotFound
from verify.check import check
from verify.results import Wrong
from verify.walk import Account, Heard, Walk

_USERS = "/v1/api/superadmin/users"
_REASON = {"reason": "make verify tries it out"}


def operate(walk: Walk, operation: str, **arguments: Any) -> dict[str, Any]:
    """The answer of the operator's function. Raises `Wrong` with its refusal."""
    answer, error = walk.stack.invoke("RunOperation", {"operation": operation, **arguments})
    if error:
        raise Wrong(f"RunOperation failed at {operation}: {answer.get('errorMessage', error)}.")
    return dict(answer)


def delete_account(walk: Walk, email: str) -> None:
    """Delete an account of the walk's, also if it is the platform's only superadmin. Does nothing if it is gone."""
    answer, error = walk.stack.invoke("RunOperation", {"operation": "delete_account", "email": email, "force": True})
    message = str(answer.get("errorMessage", error))
    if error and AccountNotFound.message not in message:
        raise Wrong(f"RunOperation failed at delete_account: {message}. Delete {email} by hand.")


def _log_in(walk: Walk, account: Account) -> dict[str, str]:
    body = {"email": account.email, "password": account.password}
    pair: dict[str, str] = walk.ask("POST", "/v1/api/auth/login", None, body).must(200)
    walk.secret(pair["accessToken"])
    walk.secret(pair["refreshToken"])
    return pair


def _refresh(walk: Walk, refresh_token: str, user_agent: str = "verify") -> Heard:
    body = {"refreshToken": refresh_token}
    return walk.ask("POST", "/v1/api/auth/refresh", None, body, {"User-Agent": user_agent})


def _change(walk: Walk, action: str, body: dict[str, str]) -> Any:
    return walk.as_superadmin("PUT", f"{walk.account('colleague').path}/{action}", body).must(200)


@check(
    "The operator's function makes a superadmin, who logs in and changes the temporary password.",
    uses=["RunOperation", "LogIn", "AuthorizeRequest", "ChangeAccountPassword"],
)
def make_superadmin(walk: Walk) -> None:
    made = operate(walk, "create_superadmin", email=f"{walk.run}-root@example.com", force=True)
    walk.afterwards("The walk's superadmin", lambda: delete_account(walk, made["email"]))
    root = Account(made["id"], made["email"], walk.secret(made["password"]))
    session = _log_in(walk, root)
    # Until the temporary password is changed, the superadmin can do nothing else.
    walk.ask("GET", root.path, session["accessToken"]).must(403, "PASSWORD_CHANGE_REQUIRED")
    walk.remember(superadmin=_change_own_password(walk, replace(root, access_token=session["accessToken"])))


def _change_own_password(walk: Walk, account: Account) -> Account:
    new = walk.secret(secrets.token_urlsafe(18))
    body = {"currentPassword": account.password, "newPassword": new}
    walk.ask("PUT", "/v1/api/auth/password", account.access_token, body).must(204)
    return replace(account, password=new)


@check(f"POST {_USERS} makes an account.", uses=["CreateAccount"])
def create_account(walk: Walk) -> None:
    email, password = f"{walk.run}-colleague@example.com", walk.secret(secrets.token_urlsafe(18))
    body = {"email": email, "password": password, "firstName": "Rolecall", "lastName": "Verify"}
    key = {"Idempotency-Key": secrets.token_hex(16)}
    made = walk.as_superadmin("POST", _USERS, body, key).must(201)
    walk.afterwards("The walk's other account", lambda: delete_account(walk, made["email"]))
    # Refused under a key of its own, which is then free again.
    other_key = {"Idempotency-Key": secrets.token_hex(16)}
    walk.as_superadmin("POST", _USERS, body, other_key).must(409, "EMAIL_TAKEN")
    walk.remember(colleague=Account(made["id"], email, password))


@check(f"GET {_USERS} lists accounts, also filtered and page by page.", uses=["ListAccounts"])
def list_accounts(walk: Walk) -> None:
    email = walk.account("colleague").email
    found = walk.as_superadmin("GET", f"{_USERS}?email={email}&enabled=true&role=ROLE_CLIENT").must(200)["users"]
    if [one["email"] for one in found] != [email]:
        raise Wrong("The filtered list did not hold the one account that fits.")
    page = walk.as_superadmin("GET", f"{_USERS}?limit=1").must(200)
    walk.as_superadmin("GET", f"{_USERS}?limit=1&cursor={page['nextCursor']}").must(200)


@check(f"GET {_USERS}/{{id}} shows an account.", uses=["GetAccount"])
def get_account(walk: Walk) -> None:
    walk.as_superadmin("GET", walk.account("colleague").path).must(200)


# The colleague is a superadmin while it is banned and disabled, so that each of these counts the superadmins too.


@check("PUT …/role changes an account's role.", uses=["ChangeAccountRole"])
def change_account_role(walk: Walk) -> None:
    if _change(walk, "role", {"newRole": "ROLE_SUPERADMIN", **_REASON})["roles"] != ["ROLE_SUPERADMIN"]:
        raise Wrong("PUT …/role did not answer with the new role.")


@check("POST …/refresh gives new tokens, and a stolen token ends the session.", uses=["RefreshSession"])
def refresh_session(walk: Walk) -> None:
    first = _log_in(walk, walk.account("colleague"))
    second = _refresh(walk, first["refreshToken"]).must(200)
    walk.secret(second["accessToken"])
    walk.secret(second["refreshToken"])
    _refresh(walk, first["refreshToken"], user_agent="verify, from elsewhere").must(401, "UNAUTHORIZED")
    _refresh(walk, second["refreshToken"]).must(401, "UNAUTHORIZED")


@check("POST …/logout ends both sessions that it names.", uses=["LogOut"])
def log_out(walk: Walk) -> None:
    colleague = walk.account("colleague")
    here, there = _log_in(walk, colleague), _log_in(walk, colleague)
    body = {"refreshToken": there["refreshToken"]}
    walk.ask("POST", "/v1/api/auth/logout", here["accessToken"], body).must(204)
    for session in (here, there):
        walk.ask("GET", colleague.path, session["accessToken"]).must(401, "UNAUTHORIZED")


@check("POST …/password gives an account a temporary password and ends its sessions.", uses=["ResetAccountPassword"])
def reset_account_password(walk: Walk) -> None:
    colleague = walk.account("colleague")
    session = _log_in(walk, colleague)
    made = walk.as_superadmin("POST", f"{colleague.path}/password").must(200)
    walk.ask("GET", colleague.path, session["accessToken"]).must(401, "UNAUTHORIZED")
    temporary = replace(colleague, password=walk.secret(made["temporaryPassword"]))
    session = _log_in(walk, temporary)
    changed = _change_own_password(walk, replace(temporary, access_token=session["accessToken"]))
    no_session = ""
    walk.remember(colleague=replace(changed, access_token=no_session))


@check("PUT …/ban bans an account and ends its sessions.", uses=["BanAccount"])
def ban_account(walk: Walk) -> None:
    session = _log_in(walk, walk.account("colleague"))
    if _change(walk, "ban", _REASON)["banned"] is not True:
        raise Wrong("PUT …/ban did not answer with a banned account.")
    walk.ask("GET", _USERS, session["accessToken"]).must(401, "UNAUTHORIZED")


@check("PUT …/unban lifts the ban.", uses=["UnbanAccount"])
def unban_account(walk: Walk) -> None:
    if _change(walk, "unban", _REASON)["banned"] is not False:
        raise Wrong("PUT …/unban did not answer with an account that is not banned.")


@check("PUT …/disable disables an account.", uses=["DisableAccount"])
def disable_account(walk: Walk) -> None:
    if _change(walk, "disable", _REASON)["enabled"] is not False:
        raise Wrong("PUT …/disable did not answer with a disabled account.")


@check("PUT …/enable enables it again.", uses=["EnableAccount"])
def enable_account(walk: Walk) -> None:
    if _change(walk, "enable", _REASON)["enabled"] is not True:
        raise Wrong("PUT …/enable did not answer with an enabled account.")


@check("GET …/history shows every change with its reason.", uses=["ListAccountHistory"])
def list_account_history(walk: Walk) -> None:
    path = f"{walk.account('colleague').path}/history"
    page = walk.as_superadmin("GET", f"{path}?limit=1")
    page.must(200)
    link = page.answer.headers["link"]
    walk.as_superadmin("GET", path + link[1 : link.index(">")]).must(200)
    seen = {one["action"] for one in walk.as_superadmin("GET", path).must(200)}
    if not {"USER_CREATE", "USER_ROLE_CHANGE"} <= seen:
        raise Wrong("GET …/history does not have an entry of every change of the account.")


@check("The operator's function deletes an account.", uses=["RunOperation"])
def delete_the_colleague(walk: Walk) -> None:
    colleague = walk.account("colleague")
    operate(walk, "delete_account", email=colleague.email)
    walk.as_superadmin("GET", colleague.path).must(404)
