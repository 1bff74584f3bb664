"""`make seed` and `make doctor`, on a table in memory."""

from collections import Counter

import pytest

from local import StackError
from local.commands import doctor
from local.demo import document as demo_data
from local.demo import refresh
from local.demo.bulk_users import create_bulk_users
from local.demo.document import User
from rolecall.storage import keys, reads, writes
from tests.integration.conftest import Tenant, audit_of, table


@pytest.fixture
def of_the_table(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLE", "rolecall")


def test_bulk_users_keep_every_rule(of_the_table: None, capsys: pytest.CaptureFixture[str]) -> None:
    made = list(create_bulk_users(45, 2))

    assert sorted(Counter(one.tenant_id for one in made).values()) == [22, 23]
    assert Counter(one.role for one in made) == {"admin": 2, "manager": 2, "user": 41}
    assert len({one.email for one in made}) == len({one.token for one in made}) == 45
    for tenant_id in {one.tenant_id for one in made}:
        users = [one for one in made if one.tenant_id == tenant_id]
        assert len(audit_of(tenant_id)) == len(users)
        assert len(reads.query_partition(keys.tenant_partition(tenant_id)).items) == len(users) + 1
    doctor.main()
    assert capsys.readouterr().out == "table rolecall: every invariant holds.\n"


def test_more_tenants_than_users_are_not_made(of_the_table: None) -> None:
    assert len({one.tenant_id for one in create_bulk_users(2, 5)}) == 2


def test_the_doctor_says_what_is_wrong_and_mends_what_follows_from_the_rest(
    of_the_table: None, acme: Tenant, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    user = acme.add("user")
    writes.write(writes.Update(keys.tenant(acme.id), set={"active_admins": 3}, when=writes.MUST_EXIST))
    writes.write(writes.Delete(keys.email_reservation(user.email), when=writes.MUST_EXIST))
    before = table()

    with pytest.raises(StackError, match=r"^table rolecall: 2 violations of the invariants.$"):
        doctor.main()
    said = capsys.readouterr().out
    assert f"  TENANT#{acme.id} / META  (stored 3, counted 1)\n  -> `make doctor REPAIR=1` repairs it" in said
    assert f"  TENANT#{acme.id} / USER#{user.id}\n  -> rotate the user's token" in said
    assert table() == before

    monkeypatch.setenv("REPAIR", "1")
    with pytest.raises(StackError, match=r"^table rolecall: 1 violation of the invariants. 1 repaired.$"):
        doctor.main()
    tenant = reads.get(keys.tenant(acme.id))
    assert tenant
    assert tenant["active_admins"] == 1
    assert audit_of(acme.id)[-1]["actor"]["id"] == "doctor"


def test_a_demo_tenant_whose_deletion_goes_on_is_shown_as_that_and_not_created_again(
    of_the_table: None, acme: Tenant
) -> None:
    admin: User = {
        "id": acme.admin.id,
        "email": acme.admin.email,
        "role": "admin",
        "active": True,
        "password": None,
        "token": "x",
    }
    known: demo_data.Tenant = {"id": acme.id, "name": "Acme", "status": "active", "users": [admin]}
    writes.write(writes.Update(keys.tenant(acme.id), set={"status": "deleting"}, when=writes.MUST_EXIST))

    current = refresh._current_tenant(known)

    assert current == {**known, "status": "deleting"}


def test_a_page_without_a_usable_tenant_or_superadmin_offers_what_is_left() -> None:
    tenant: demo_data.Tenant = {"id": "t1", "name": "Acme", "status": "deleting", "users": []}
    sonia: demo_data.Account = {"id": 1, "email": "s@x", "password": None, "roles": ["ROLE_SUPERADMIN"], "active": True}
    demo: demo_data.Demo = {
        "tenants": [tenant], "superadmin": sonia, "accounts": [{**sonia, "id": 2, "active": False}],
        "api": "http://127.0.0.1:1", "endpoint_url": "", "table": "", "master_token": "m",
    }  # fmt: skip

    page = demo_data.render_demo(demo)

    assert "Acme  (tenant t1) is deleting: no token of it works" in page
    assert demo_data.curl_lines(demo) == ["API=http://127.0.0.1:1"]
