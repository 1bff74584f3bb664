"""Bugs to be planted, one at a time: each is a line of the real code as it is, and as someone might have written it.

`plant` compiles the function anew with the changed line and puts it wherever the old one was known. A line
that is no longer there fails, so a plant can't rot into something that changes nothing.
"""

import importlib
import inspect
import sys
import textwrap
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Bug:
    """`where` is `module:function` or `module:Class.method` of the layer."""

    kind: str
    where: str
    line: str
    planted: str

    def plant(self, monkeypatch: pytest.MonkeyPatch) -> None:
        name, _, path = self.where.partition(":")
        module = importlib.import_module(f"rolecall.{name}")
        *owner, function_name = path.split(".")
        holder: Any = getattr(module, owner[0]) if owner else module
        function = getattr(holder, function_name)
        source = textwrap.dedent(inspect.getsource(function))
        assert source.count(self.line) == 1, f"{self.where} has no such line any more"
        made: dict[str, Any] = {}
        exec(compile(source.replace(self.line, self.planted), self.where, "exec"), vars(module), made)  # noqa: S102
        if owner:
            monkeypatch.setattr(holder, function_name, made[function_name])
        for other in list(sys.modules.values()):
            if getattr(other, "__name__", "").startswith(("rolecall", "functions.")):
                for known, value in list(vars(other).items()):
                    if value is function:
                        monkeypatch.setattr(other, known, made[function_name])


BUGS = {
    "an actor's standing is not looked at again": Bug(
        "forgotten condition",
        "standing:of",
        "return [store.Check(key, when=when, otherwise=otherwise)]",
        "return []",
    ),
    "the last admin may go": Bug(
        "forgotten condition",
        "standing:tenant_active",
        'active = active & Attr("active_admins").gt(-admins)',
        "pass",
    ),
    "the last superadmin may go": Bug(
        "forgotten condition",
        "accounts:_superadmins_change",
        'Attr("enabled_superadmins").gt(1)',
        'Attr("enabled_superadmins").gte(1)',
    ),
    "a tenant that is being deleted can be written to": Bug(
        "forgotten condition",
        "standing:tenant_active",
        'Attr("status").eq(ACTIVE)',
        'Attr("status").exists()',
    ),
    "a version is not asked for at a deletion": Bug(
        "forgotten condition",
        "user_deletion:_mark",
        "if if_match is not None and user.version not in if_match:",
        "if if_match is not None and not if_match:",
    ),
    "a manager makes admins": Bug(
        "wrong transition",
        "roles:check_transition",
        "if old != new and (old, new) not in TRANSITIONS[actor]:",
        "if old != new and (old, new) not in TRANSITIONS[actor] and old is not Role.USER:",
    ),
    "a manager demotes itself": Bug(
        "wrong transition",
        "roles:check_transition",
        "if oneself:",
        "if oneself and old is Role.ADMIN:",
    ),
    "the rules are asked before the version": Bug(
        "wrong order of checks",
        "users:_change_once",
        """    if if_match is not None and old.version not in if_match:
        raise PreconditionFailed
    _check_may_change(call, old, role, active)
""",
        """    _check_may_change(call, old, role, active)
    if if_match is not None and old.version not in if_match:
        raise PreconditionFailed
""",
    ),
    "an admin who is deactivated still counts": Bug(
        "stale count",
        "users:_change_once",
        "admins=admins_gained(old.counted_role, new.counted_role)",
        "admins=admins_gained(old.role, new.role)",
    ),
    "an inactive admin who is deleted is counted out again": Bug(
        "stale count",
        "user_deletion:_mark",
        "admins=admins_gained(user.counted_role, None)",
        "admins=admins_gained(user.role, None)",
    ),
    "a change is not written down": Bug(
        "missing audit entry",
        "store:transact",
        "    parameters: dict[str, Any] = {",
        """    writes = tuple(one for one in writes if "update_user" not in str(one))
    parameters: dict[str, Any] = {""",
    ),
    "a refusal for the last admin's sake is not written down": Bug(
        "missing audit entry",
        "api:Route._answer",
        "if self.audit_refusals:",
        "if self.audit_refusals and refusal.status == 403:",
    ),
    "an email stays taken": Bug(
        "leaked lookup item",
        "user_deletion:_deletes_of_owned",
        "for pk in sorted(owned_keys)]",
        'for pk in sorted(owned_keys) if not pk.startswith("EMAIL#")]',
    ),
    "the name of a deleted tenant stays taken": Bug(
        "leaked lookup item",
        "deletion:_tombstone",
        "        store.Delete(keys.tenant_name(name)),\n",
        "",
    ),
    "an admin reads users of any tenant": Bug(
        "cross-tenant read",
        "users:get_user",
        "user = User.from_item(_read(actor.tenant_id, user_id))",
        "user = _of_any_tenant(user_id)",
    ),
    "an admin reads the trail of any tenant": Bug(
        "cross-tenant read",
        "tenants:within_reach",
        """        if tenant_id is not None and named != own:
            raise TenantNotFound
        return own
""",
        "        return named or own\n",
    ),
    "a cursor is good for any tenant": Bug(
        "cross-tenant read",
        "users:list_users",
        '("list_users", tenant_id, role or ""',
        '("list_users", role or ""',
    ),
    "a token outlives its user": Bug(
        "token that outlives its user",
        "user_deletion:_deletes_of_owned",
        "for pk in sorted(owned_keys)]",
        'for pk in sorted(owned_keys) if not pk.startswith("TOKEN#")]',
    ),
    "a rotated token still works": Bug(
        "token that outlives its user",
        "users:_rotate_once",
        "        *map(store.Delete, old_token_keys),\n",
        "",
    ),
    "a deactivated user still comes in": Bug(
        "token that outlives its user",
        "authorization:_tenant_user",
        'or user is None or not user["active"]',
        "or user is None",
    ),
    "an access token lives for an hour": Bug(
        "token that outlives its user",
        "jwts:verify",
        'payload["exp"] <= now or',
        'payload["exp"] <= now - 2700 or',
    ),
    "lifting a ban brings the sessions back": Bug(
        "token that outlives its user",
        "accounts:_save",
        "ends_sessions = was.may_act and not becoming.may_act",
        "ends_sessions = False",
    ),
    "a stolen refresh token ends nothing": Bug(
        "forgotten consequence",
        "account_sessions:_refresh_once",
        "        _revoke(call, token, session)\n",
        "        pass\n",
    ),
    "a cursor skips one": Bug(
        "cursor that skips",
        "users:list_users",
        "cursors.encode(users[-1].email.lower(), *scope)",
        'cursors.encode(items[-1]["email"].lower(), *scope)',
    ),
    "the last second is not in the trail": Bug(
        "cursor that skips",
        "audit:_upper_bound",
        "timedelta(seconds=1)",
        "timedelta(seconds=0)",
    ),
    "a wait does not grow": Bug(
        "wrong number",
        "login_attempts:wait_after",
        "FIRST_WAIT_SECONDS * 2 ** min(beyond, 10)",
        "FIRST_WAIT_SECONDS",
    ),
    "another body gets the first one's answer": Bug(
        "wrong idempotency",
        "idempotency:Claim.hash_of",
        "json.dumps(content, sort_keys=True)",
        '""',
    ),
    "a key that failed stays claimed": Bug(
        "wrong idempotency",
        "idempotency:_Records._delete_record",
        "store.write(store.Delete(self._held.record_key, when=self._held.still_held))",
        "pass",
    ),
    "emails differ by their case": Bug(
        "wrong key",
        "keys:email",
        "address.lower()",
        "address",
    ),
}
