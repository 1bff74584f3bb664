"""An admin's day in the web console, by keyboard alone."""

import re
from itertools import count

from playwright.sync_api import expect

from tests.e2e.browsers import in_a_browser
from tests.e2e.conftest import PASSWORD
from tests.e2e.console.keyboard import Keyboard
from tests.e2e.console.visit import Open, Register

pytestmark = in_a_browser

_numbers = count(1)


def test_an_admin_changes_a_role_by_keyboard_alone(register: Register, visit: Open) -> None:
    tenant = register("Console of a keyboard")
    user = tenant.add("user")
    here = visit()
    keys = Keyboard(here.page)

    # Signing in: Tab leads to the field of the token, Enter sends it
    here.see_heading("Sign in")
    keys.fill(here.page.get_by_label("API token or master token"), tenant.admin.token)
    keys.press("Enter")
    here.see_heading("Users")
    expect(here.page.get_by_role("heading", level=1)).to_be_focused()

    # The list of shortcuts opens with ?, and Escape closes it
    keys.press("?")
    here.check_screen_or_dialog("shortcuts")
    keys.press("Escape")
    expect(here.page.get_by_role("dialog")).to_have_count(0)

    # / goes to the search
    keys.press("/")
    expect(here.page.get_by_label("Search by email")).to_be_focused()
    keys.type(user.email)
    expect(here.page.get_by_role("rowheader")).to_have_count(1)

    # Tab leads to the role, a letter chooses, and Undo takes it back
    keys.reach(here.page.get_by_label(f"Role of {user.email}"))
    keys.press("m")
    here.see_result(re.compile("is now manager"))
    assert tenant.role_of(user.id) == "manager"
    keys.activate(here.page.get_by_role("button", name="Undo"))
    here.see_result(re.compile("Undone"))
    assert tenant.role_of(user.id) == "user"

    # And the palette signs out
    keys.press("Control+k")
    keys.type("sign out")
    keys.press("Enter")
    here.see_heading("Sign in")


def test_an_admin_deletes_and_creates_a_user_and_reads_the_audit_by_keyboard_alone(
    register: Register, visit: Open
) -> None:
    tenant = register("Console of keys")
    user = tenant.add("user")
    here = visit()
    keys = Keyboard(here.page)
    here.sign_in_with_token(tenant.admin.token)
    here.see_heading("Users")

    # The palette finds the person and opens it; Deactivate and Delete ask first
    keys.press("Control+k")
    here.dialog("Search and commands")
    keys.type(user.email[:8])
    expect(here.page.get_by_role("option", name=f"{user.email} User")).to_be_visible()
    here.check_screen_or_dialog("palette")
    keys.press("Enter")
    person = here.dialog(user.email)
    keys.activate(person.get_by_role("button", name="Deactivate"))
    keys.press("Tab", "Enter")
    here.see_result(f"{user.email} is now inactive.")
    keys.activate(person.get_by_role("button", name="Delete"))
    keys.press("Tab", "Enter")
    here.see_result(f"{user.email} is deleted.")
    expect(here.page.get_by_role("heading", level=1)).to_be_focused()

    # n creates another one
    keys.press("n")
    dialog = here.dialog("Create a user")
    email = f"keys-{next(_numbers)}@example.com"
    keys.type(email)
    keys.fill(dialog.get_by_label("Password"), PASSWORD)
    keys.press("Enter")
    dialog = here.dialog(f"{email} is created")
    keys.activate(dialog.get_by_role("button", name="Done"))
    expect(here.page.get_by_role("dialog")).to_have_count(0)
    assert here.page.evaluate("() => document.activeElement !== document.body")

    # g a goes to the audit, where the filters and the export work
    keys.press("g", "a")
    here.see_heading("Audit")
    keys.reach(here.page.get_by_label("Action"))
    keys.type("deleted")
    expect(here.page.get_by_role("list", name="Entries").get_by_role("listitem")).to_have_count(1)
    exported = here.text_saved_by(lambda: keys.activate(here.page.get_by_role("button", name="Export as CSV")))
    assert "delete_user" in exported
