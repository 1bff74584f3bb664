"""Texts that somebody typed are shown as text on every screen of the web console."""

import re
from itertools import count

from playwright.sync_api import expect

from local.deployment.stack import Stack
from tests.e2e.browsers import in_a_browser
from tests.e2e.console.hostile import make_answers_hostile, see_text_only
from tests.e2e.console.visit import Open, Register
from tests.superadmins import create_superadmin

pytestmark = in_a_browser

_numbers = count(1)


def test_typed_texts_are_shown_as_text_to_an_admin(register: Register, visit: Open) -> None:
    # Given an API whose every typed text has markup and script in it
    tenant = register("Console of hostile texts")
    user = tenant.add("user")
    assert tenant.request(tenant.admin, "POST", "/webhooks", {"url": "https://hooks.example.com/"}).status == 201
    here = visit()
    make_answers_hostile(here.page, here.api)

    # Then the list, a result, a person, the palette and the change of many show it as text
    here.sign_in_with_token(tenant.admin.token)
    select = here.page.get_by_label(f"Role of {user.email}")
    select.select_option("manager")
    here.see_result(re.compile("is now manager"))
    see_text_only(here.page)
    here.page.get_by_role("rowheader").last.get_by_role("link").click()
    expect(here.page.get_by_role("dialog").get_by_role("button", name="Delete")).to_be_visible()
    see_text_only(here.page)
    here.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    see_text_only(here.page)
    here.page.keyboard.press("Escape")
    here.page.keyboard.press("Escape")
    here.page.keyboard.press("Control+k")
    here.page.keyboard.type(user.email)
    expect(here.page.get_by_role("option", name=user.email)).to_be_visible()
    see_text_only(here.page)
    here.page.keyboard.press("Escape")
    here.page.get_by_label("Select all on this page").check()
    here.page.get_by_role("link", name="Change their roles").click()
    here.page.get_by_label("New role").select_option("user")
    here.page.get_by_role("button", name="Dry run").click()
    expect(here.page.get_by_role("rowheader")).to_have_count(2)
    see_text_only(here.page)

    # And so do the audit, an entry of it and the webhooks
    here.page.get_by_role("link", name="Audit").click()
    here.page.get_by_role("list", name="Entries").get_by_role("button", name="Details").first.click()
    see_text_only(here.page)
    here.page.keyboard.press("Escape")
    here.page.get_by_role("link", name="Webhooks").click()
    here.page.get_by_role("button", name="Test").click()
    here.see_result(re.compile("A test is on its way"))
    see_text_only(here.page)


def test_typed_texts_are_shown_as_text_to_operators_and_superadmins(
    stack: Stack, register: Register, visit: Open
) -> None:
    # Given an operator, when every typed text has markup and script in it
    name = f"Console hostile {next(_numbers)}"
    register(name)
    here = visit(hash_=f"#/tenants?name={name}")
    make_answers_hostile(here.page, here.api)
    here.sign_in_with_token(stack.master_token)

    # Then the list and the dialogs of tenants show it as text
    row = here.page.get_by_role("rowheader", name=name)
    row.get_by_role("button").click()
    here.page.get_by_role("button", name="Protect against deletion").click()
    here.see_result(re.compile("is protected"))
    see_text_only(here.page)
    here.page.keyboard.press("Escape")
    here.page.get_by_role("button", name=f"Delete {name}").click()
    expect(here.page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    see_text_only(here.page)

    # And so do the list, the dialogs and the history of accounts
    superadmin = create_superadmin(stack, f"hostile-{next(_numbers)}@example.com")
    here = visit(hash_=f"#/accounts?email={superadmin['email']}")
    make_answers_hostile(here.page, here.api)
    here.sign_in("Platform account", superadmin["email"], superadmin["password"])
    here.page.get_by_role("rowheader", name=superadmin["email"]).get_by_role("button").click()
    see_text_only(here.page)
    here.page.keyboard.press("Escape")
    here.page.get_by_role("button", name="History of").click()
    expect(here.page.get_by_role("dialog").get_by_role("listitem").first).to_be_visible()
    see_text_only(here.page)
