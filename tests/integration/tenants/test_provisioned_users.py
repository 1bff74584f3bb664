"""Users whom an identity provider creates: without credentials, with an external id and names."""

from collections.abc import Callable
from copy import replace
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from rolecall import clock, deadline
from rolecall.audit import redaction
from rolecall.auth.principals import Principal, RequestContext
from rolecall.auth.roles import Role
from rolecall.errors import (
    EmailTaken,
    FieldError,
    Forbidden,
    LastAdmin,
    PreconditionFailed,
    SelfChangeDenied,
    Unauthorized,
    UserNotFound,
    ValidationFailed,
)
from rolecall.storage import dynamodb, indexes, keys, reads, writes
from rolecall.tenants import user_changes, user_creation, user_lookup
from rolecall.tenants.change_rules import UserChange
from rolecall.tenants.user_profiles import MAX_EXTERNAL_ID_LENGTH, MAX_NAME_LENGTH, UserProfile
from rolecall.tenants.users import User
from tests.integration.conftest import (
    PASSWORD,
    Member,
    Tenant,
    assert_every_invariant_holds,
    audit_of,
    delete_tenant,
    table,
    unchanged,
)
from tests.integration.tenants.test_sessions import log_in

EMAIL = "ada@example.com"
ADA = UserProfile("00uAda", "Ada", "Lovelace", "Countess of Lovelace", "Ada")


@dataclass
class Provider:
    """An identity provider: it acts as an admin of the tenant, with that admin's API token."""

    admin: Member

    @property
    def context(self) -> RequestContext:
        deadline.set_time_left(30)
        principal = Principal.from_authorizer_context(self.admin.principal)
        assert principal is not None
        return RequestContext(principal, clock.now(), "provider-7", "198.51.100.7")

    def create(self, email: str = EMAIL, profile: UserProfile = ADA, **more: Any) -> User:
        role = more.pop("role", Role.USER)
        return user_creation.create_user_without_credentials(self.context, email, role, profile=profile, **more)

    def change(self, user: User | Member, **change: Any) -> User:
        return user_changes.update_user(self.context, user.id, UserChange(**change))


@pytest.fixture
def provider(acme: Tenant) -> Provider:
    return Provider(acme.admin)


def _item(user: User) -> dict[str, Any]:
    return reads.get(keys.user(user.tenant_id, user.id)) or {}


def _partitions(user: User) -> set[str]:
    return {item["pk"].partition("#")[0] for item in table() if item.get("user_id") == user.id}


# --- Creating --------------------------------------------------------------------------------------


def test_a_user_is_created_without_password_and_token(acme: Tenant, provider: Provider) -> None:
    user = provider.create()

    assert (user.email, user.role, user.active, user.profile, user.version) == (EMAIL, Role.USER, True, ADA, 1)
    assert _partitions(user) == {"EMAIL"}
    assert reads.get(keys.item_of_user(acme.id, user.id, "CREDENTIAL", "PASSWORD")) is None
    assert User.from_item(_item(user), clock.now()) == user
    [listed] = acme.admin.request("GET", "/users?email=ada").body["users"]
    assert (listed["id"], listed["token"]) == (user.id, None)
    assert not {"external_id", "display_name", "given_name"} & listed.keys()
    [entry] = [one for one in audit_of(acme.id) if one["action"] == "create_user"]
    assert entry["after"] == {"email": EMAIL, "role": "user", "active": True, **ADA.fields_that_are_set()}
    assert (entry["actor"]["id"], entry["target"]["id"]) == (acme.admin.id, user.id)
    assert_every_invariant_holds()


def test_a_user_without_a_profile_has_no_attribute_of_one(acme: Tenant, provider: Provider) -> None:
    user = provider.create(profile=UserProfile())
    assert not {*UserProfile._fields, "token_last4"} & _item(user).keys()
    reservation = keys.email_reservation(EMAIL)
    assert reads.get(reservation) == {
        **reservation._asdict(),
        "tenant_id": acme.id,
        "user_id": user.id,
        **indexes.tenant_of_user(user.id).index_attributes(acme.id),
    }
    assert_every_invariant_holds()


def test_an_inactive_admin_is_created_and_not_counted(acme: Tenant, provider: Provider) -> None:
    user = provider.create(role=Role.ADMIN, active=False)
    assert (user.role, user.active) == (Role.ADMIN, False)
    assert_every_invariant_holds()
    assert provider.change(user, active=True).active
    assert (reads.get(keys.tenant(acme.id)) or {})["active_admins"] == 2
    assert_every_invariant_holds()


def test_a_taken_email_is_refused(acme: Tenant, globex: Tenant, provider: Provider) -> None:
    globex.add("user", EMAIL)
    with unchanged(), pytest.raises(EmailTaken):
        provider.create(EMAIL.upper())


def test_a_caller_who_lost_its_role_creates_nobody(acme: Tenant) -> None:
    admin = acme.add("admin")
    context = Provider(admin).context
    acme.admin.promote(admin, "manager")
    with unchanged(), pytest.raises(Forbidden):
        user_creation.create_user_without_credentials(context, EMAIL, Role.USER)
    delete_tenant(acme.id)
    with unchanged(), pytest.raises(Unauthorized):
        user_creation.create_user_without_credentials(context, EMAIL, Role.USER)


# --- Getting in ------------------------------------------------------------------------------------


def test_a_login_without_a_password_is_refused_like_any_other(provider: Provider) -> None:
    provider.create()
    refused, unknown = log_in(EMAIL, PASSWORD), log_in("nobody@example.com", PASSWORD)
    assert (refused.status, refused.body["error"]) == (401, unknown.body["error"])
    assert refused.body.keys() == unknown.body.keys()


def test_a_provisioned_user_can_get_a_token(acme: Tenant, provider: Provider) -> None:
    user = provider.create()
    made = acme.admin.request("POST", f"/users/{user.id}/token")
    assert made.status == 200
    member = Member(user.id, acme.id, EMAIL, "user", made.body["data"]["token"])
    assert member.request("GET", f"/users/{user.id}").status == 200
    assert audit_of(acme.id)[-1]["before"] == {"token_last4": None, "token_last_used_at": None}
    assert_every_invariant_holds()
    # A second rotation replaces the token.
    assert acme.admin.request("POST", f"/users/{user.id}/token").status == 200
    assert member.request("GET", f"/users/{user.id}").status == 401
    assert_every_invariant_holds()


def test_an_admin_sets_the_first_password(acme: Tenant, provider: Provider) -> None:
    user = provider.create()
    path, new = f"/users/{user.id}/password", {"new_password": PASSWORD}
    assert acme.admin.request("PUT", path, {**new, "current_password": "x"}).code == "VALIDATION_ERROR"
    assert acme.admin.request("PUT", path, {"new_password": EMAIL}).code == "VALIDATION_ERROR"
    assert acme.admin.request("PUT", path, new).status == 200
    stored = reads.get(keys.item_of_user(acme.id, user.id, "CREDENTIAL", "PASSWORD")) or {}
    assert stored["created_at"] == _item(user)["updated_at"]
    assert log_in(EMAIL).status == 200
    assert acme.admin.request("PUT", path, {"new_password": PASSWORD}).code == "VALIDATION_ERROR"  # the present one
    assert_every_invariant_holds()


def test_nobody_sets_their_own_first_password(acme: Tenant, provider: Provider) -> None:
    user = provider.create()
    token = acme.admin.request("POST", f"/users/{user.id}/token").body["data"]["token"]
    member = Member(user.id, acme.id, EMAIL, "user", token)
    new = {"new_password": "another horse entirely"}
    with unchanged():
        assert member.request("PUT", f"/users/{user.id}/password", new).code == "VALIDATION_ERROR"
    refused = member.request("PUT", f"/users/{user.id}/password", {**new, "current_password": PASSWORD})
    assert refused.code == "WRONG_PASSWORD"
    assert reads.get(keys.item_of_user(acme.id, user.id, "CREDENTIAL", "PASSWORD")) is None


def test_of_two_concurrent_first_passwords_the_later_one_is_stored(acme: Tenant, provider: Provider) -> None:
    user, owner = provider.create(), acme.admin.principal
    path = f"/users/{user.id}/password"
    events, name = dynamodb.client().meta.events, "before-call.dynamodb.TransactWriteItems"

    def overtake(**_: Any) -> None:
        events.unregister(name, overtake)
        assert acme.admin.request("PUT", path, {"new_password": "first horse of two"}, principal=owner).status == 200

    events.register(name, overtake)
    assert acme.admin.request("PUT", path, {"new_password": PASSWORD}, principal=owner).status == 200
    assert log_in(EMAIL).status == 200
    assert_every_invariant_holds()


# --- Changing --------------------------------------------------------------------------------------


def test_everything_is_changed_in_one_transaction(acme: Tenant, provider: Provider) -> None:
    user = provider.create()
    profile = replace(ADA, external_id="00uNew", display_name=None, given_name="Augusta Ada")
    new = provider.change(user, role=Role.MANAGER, active=False, email="countess@example.com", profile=profile)

    assert (new.role, new.active, new.email, new.profile, new.version) == (
        *(Role.MANAGER, False, "countess@example.com"),
        *(profile, 2),
    )
    assert User.from_item(_item(user), clock.now()) == new
    assert "display_name" not in _item(user)
    entry = audit_of(acme.id)[-1]
    before = {"role": "user", "active": True, "email": EMAIL}
    assert entry["before"] == {**before, "external_id": "00uAda", "given_name": "Ada", "display_name": "Ada"}
    after = {"role": "manager", "active": False, "email": "countess@example.com"}
    assert entry["after"] == {**after, "external_id": "00uNew", "given_name": "Augusta Ada", "display_name": None}
    assert_every_invariant_holds()


def test_a_deactivation_ends_access_by_token_at_once(acme: Tenant, provider: Provider) -> None:
    member = acme.add("user", EMAIL)
    session = member.log_in()
    provider.change(member, active=False)
    assert member.request("GET", f"/users/{member.id}").status == 401
    assert session.request("GET", f"/users/{member.id}").status == 401
    assert provider.change(member, active=True).active
    assert member.request("GET", f"/users/{member.id}").status == 200


def test_the_last_admin_stays(acme: Tenant) -> None:
    other = acme.add("admin")
    provider = Provider(other)
    context = provider.context
    acme.admin.request("PUT", f"/users/{other.id}", {"role": "user"})
    with unchanged():
        for change in (UserChange(active=False), UserChange(role=Role.USER, email="x@example.com", profile=ADA)):
            with pytest.raises(LastAdmin):
                user_changes.update_user(context, acme.admin.id, change)


def test_an_unchanged_user_gets_no_new_version(provider: Provider) -> None:
    user = provider.create()
    with unchanged():
        assert provider.change(user, role=Role.USER, active=True, email=EMAIL, profile=ADA) == user


@pytest.mark.parametrize("actor", ["manager", "user"])
def test_only_an_admin_changes_a_profile(acme: Tenant, actor: str) -> None:
    member, other = acme.add(actor), acme.add("user")
    with unchanged():
        for target in (member, other):
            with pytest.raises(Forbidden):
                Provider(member).change(target, profile=ADA)


def test_an_admin_changes_its_own_profile(acme: Tenant, provider: Provider) -> None:
    assert provider.change(acme.admin, profile=ADA).profile == ADA
    with pytest.raises(SelfChangeDenied):
        provider.change(acme.admin, active=True)
    assert_every_invariant_holds()


def test_an_admin_may_send_their_own_present_role_and_state_again(acme: Tenant, provider: Provider) -> None:
    whole = UserChange(role=Role.ADMIN, active=True, profile=ADA)
    changed = user_changes.update_user_by(provider.context, acme.admin.id, whole.without_present_role_and_state)
    assert changed.profile == ADA
    demoted = whole._replace(role=Role.USER)
    with unchanged(), pytest.raises(SelfChangeDenied):
        user_changes.update_user_by(provider.context, acme.admin.id, demoted.without_present_role_and_state)


def test_a_repeated_temporary_role_stays_temporary(acme: Tenant, provider: Provider) -> None:
    member = acme.add("user")
    until = clock.rfc3339_of_second(clock.epoch_seconds(clock.now()) + 3600)
    acme.admin.request("POST", f"/users/{member.id}/promote", {"new_role": "manager", "until": until})
    same = UserChange(role=Role.MANAGER, active=True, profile=ADA)
    changed = user_changes.update_user_by(provider.context, member.id, same.without_present_role_and_state)
    assert (changed.held_role.lasting_role, changed.held_role.until is None) == (Role.USER, False)
    ended = UserChange(role=Role.USER, active=True)
    changed = user_changes.update_user_by(provider.context, member.id, ended.without_present_role_and_state)
    assert (changed.role, changed.held_role.until) == (Role.USER, None)
    assert_every_invariant_holds()


def test_a_change_that_depends_on_the_user_is_computed_again_after_a_conflict(acme: Tenant, provider: Provider) -> None:
    user = provider.create()
    seen: list[User] = []

    def rename(found: User) -> UserChange:
        seen.append(found)
        if len(seen) == 1:
            provider.change(user, profile=replace(ADA, display_name="Countess"))
        return UserChange(profile=replace(found.profile, given_name="Augusta"))

    changed = user_changes.update_user_by(provider.context, user.id, rename)

    assert changed.profile == replace(ADA, display_name="Countess", given_name="Augusta")
    assert [one.version for one in seen] == [1, 2]


def test_a_stale_version_and_an_unknown_user_are_refused_before_the_change_is_computed(
    globex: Tenant, provider: Provider
) -> None:
    user = provider.create()

    def never(_user: User) -> UserChange:
        raise AssertionError

    with pytest.raises(PreconditionFailed):
        user_changes.update_user_by(provider.context, user.id, never, if_match=frozenset({7}))
    for unknown in ("x", globex.admin.id):
        with pytest.raises(UserNotFound):
            user_changes.update_user_by(provider.context, unknown, never)


# --- Texts -----------------------------------------------------------------------------------------


def test_texts_are_stored_in_their_normalized_form(provider: Provider) -> None:
    user = provider.create(profile=UserProfile(" 00u\u00a0Ada ", "A\u0308da", "  Byron"))
    assert user.profile == UserProfile("00u Ada", "\u00c4da", "Byron")


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\u200bb", "\u202eb", "\ufffd", "x" * 256])
def test_an_invalid_text_is_refused_in_every_field(provider: Provider, text: str) -> None:
    member = provider.create("bo@example.com", UserProfile())
    profile = UserProfile(*[text] * len(UserProfile._fields))
    with unchanged():
        with pytest.raises(ValidationFailed) as at_creation:
            provider.create(profile=profile)
        with pytest.raises(ValidationFailed) as at_change:
            provider.change(member, profile=profile)
    for refused in (at_creation, at_change):
        assert [one.field for one in refused.value.fields] == list(UserProfile._fields)


def test_each_invalid_text_is_named_with_what_it_must_be(provider: Provider) -> None:
    with unchanged(), pytest.raises(ValidationFailed) as refused:
        provider.create(profile=UserProfile("a\nb", given_name=" "))
    assert refused.value.fields == (
        FieldError("external_id", "must have no characters that cannot be seen: U+000A is one", "a\nb"),
        FieldError("given_name", "must not be blank", " "),
    )


def test_the_longest_texts_are_accepted(provider: Provider) -> None:
    longest = UserProfile("x" * MAX_EXTERNAL_ID_LENGTH, *["y" * MAX_NAME_LENGTH] * 4)
    assert provider.create(profile=longest).profile == longest
    too_many_bytes = UserProfile("\U00020000" * MAX_EXTERNAL_ID_LENGTH)
    with pytest.raises(ValidationFailed):
        provider.create("bo@example.com", too_many_bytes)


# --- Finding ---------------------------------------------------------------------------------------


def _ids(users: list[User]) -> set[str]:
    return {user.id for user in users}


def test_a_user_is_found_by_its_email_in_any_case(acme: Tenant, globex: Tenant, provider: Provider) -> None:
    user = provider.create()
    assert user_lookup.find_user_by_email(provider.context, EMAIL.upper()) == user
    assert user_lookup.find_user_by_email(Provider(globex.admin).context, EMAIL) is None
    assert user_lookup.find_user_by_email(provider.context, "nobody@example.com") is None
    provider.change(user, active=False, email="countess@example.com")
    assert user_lookup.find_user_by_email(provider.context, EMAIL) is None
    found = user_lookup.find_user_by_email(provider.context, "countess@example.com")
    assert found is not None
    assert (found.id, found.active) == (user.id, False)


def test_a_user_is_found_by_its_external_id(acme: Tenant, globex: Tenant, provider: Provider) -> None:
    def found(external_id: str, at: Provider = provider) -> set[str]:
        return _ids(user_lookup.find_users_by_external_id(at.context, external_id))

    user, other = provider.create(), Provider(globex.admin).create("bo@example.com")
    assert found("00uAda") == found(" 00uAda ") == {user.id}
    assert found("00uAda", Provider(globex.admin)) == {other.id}
    for unknown in ("00uada", "00uAd", "00uAda#", "", "a\nb"):
        assert found(unknown) == set()
    # It is found with its new email, and no longer with its former external id.
    provider.change(user, email="countess@example.com")
    assert found("00uAda") == {user.id}
    provider.change(user, profile=replace(ADA, external_id="x#y"), active=False)
    assert (found("00uAda"), found("x#y")) == (set(), {user.id})
    provider.change(user, email=EMAIL, profile=replace(ADA, external_id="z"))
    assert (found("x#y"), found("z")) == (set(), {user.id})
    provider.change(user, profile=replace(ADA, external_id=None))
    assert found("z") == set()
    assert_every_invariant_holds()


def test_several_users_may_have_the_same_external_id(provider: Provider) -> None:
    users = [provider.create(f"{name}@example.com") for name in ("a", "b", "c")]
    assert _ids(user_lookup.find_users_by_external_id(provider.context, "00uAda")) == _ids(users)


@pytest.mark.parametrize("find", [user_lookup.find_user_by_email, user_lookup.find_users_by_external_id])
def test_a_deleted_user_is_not_found(acme: Tenant, provider: Provider, find: Callable[..., Any]) -> None:
    user = provider.create()
    assert acme.admin.request("DELETE", f"/users/{user.id}").status == 200
    assert not find(provider.context, EMAIL if find is user_lookup.find_user_by_email else "00uAda")
    assert not [item for item in table() if "00uAda" in str(item) and not item["pk"].startswith("AUDIT#")]
    assert_every_invariant_holds()


@pytest.mark.parametrize("find", [user_lookup.find_user_by_email, user_lookup.find_users_by_external_id])
@pytest.mark.parametrize("state", ["being deleted", "gone", "renamed"])
def test_a_user_who_changes_after_the_reservation_was_read_is_found_only_if_it_still_fits(
    provider: Provider, find: Callable[..., Any], state: str
) -> None:
    user = provider.create()
    key = keys.user(user.tenant_id, user.id)
    match state:
        case "being deleted":
            writes.write(writes.Update(key, set={"deleted_at": "2026-06-15T12:00:00Z"}, when=writes.MUST_EXIST))
        case "gone":
            writes.write(writes.Delete(key))
        case _:
            renamed = {"email": "bo@example.com", "external_id": "00uBo"}
            writes.write(writes.Update(key, set=renamed, when=writes.MUST_EXIST))
    assert not find(provider.context, EMAIL if find is user_lookup.find_user_by_email else "00uAda")


def test_a_user_is_found_with_the_role_in_force(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    user = provider.create()
    until = clock.now() + timedelta(hours=1)
    body = {"new_role": "manager", "until": clock.rfc3339(until)}
    assert provider.admin.request("POST", f"/users/{user.id}/promote", body).status == 200
    for at, role in ((until - timedelta(minutes=1), Role.MANAGER), (until, Role.USER)):
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        found = user_lookup.find_user_by_email(provider.context, EMAIL)
        assert found is not None
        assert [one.role for one in (found, *user_lookup.find_users_by_external_id(provider.context, "00uAda"))] == [
            role,
            role,
        ]


def test_a_search_by_external_id_returns_a_limited_number_of_users(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_lookup, "MOST_USERS_FOUND", 2)
    for name in ("a", "b", "c"):
        provider.create(f"{name}@example.com")
    assert len(user_lookup.find_users_by_external_id(provider.context, "00uAda")) == 2


# --- Going -----------------------------------------------------------------------------------------


def test_nothing_of_a_provisioned_user_outlives_its_tenant(acme: Tenant, provider: Provider) -> None:
    user = provider.create()
    provider.change(user, profile=replace(ADA, display_name="Countess"))
    acme.admin.request("DELETE", f"/users/{provider.create('bo@example.com').id}")
    assert delete_tenant(acme.id).status == 200
    assert not [item for item in table() if "Lovelace" in str(item) and not item["pk"].startswith("AUDIT#")]
    deadline.set_time_left(30)
    redaction.redact_emails_of_deleted_tenants(10, 0.1)
    kept = str(audit_of(acme.id))
    for text in (EMAIL, "00uAda", "Ada", "Lovelace", "Countess"):
        assert text not in kept
    assert_every_invariant_holds()


def test_a_name_that_begins_like_a_hash_is_redacted_too(acme: Tenant, provider: Provider) -> None:
    provider.change(provider.create(), profile=replace(ADA, display_name="hmac-sha256:Countess"))
    assert delete_tenant(acme.id).status == 200
    deadline.set_time_left(30)
    redaction.redact_emails_of_deleted_tenants(10, 0.1)
    assert "Countess" not in str(audit_of(acme.id))


def test_every_field_of_a_profile_is_redacted() -> None:
    assert set(redaction.PERSONAL_FIELDS) == {"email", *UserProfile._fields}
