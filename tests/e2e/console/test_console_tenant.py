"""The web console in a browser: admins and managers of a tenant do their work."""

import csv
import re
from dataclasses import replace
from io import StringIO
from itertools import count

from playwright.sync_api import Locator, expect

from local.demo.bulk_users import create_bulk_users
from local.deployment.stack import Stack
from tests.e2e.browsers import in_a_browser
from tests.e2e.conftest import PASSWORD, Member, Tenant
from tests.e2e.console.keyboard import Keyboard
from tests.e2e.console.visit import Open, Register
from tests.receiver import receiving

pytestmark = in_a_browser

NEW = "another horse entirely"
_numbers = count(1)


def _copied_secret(dialog: Locator) -> str:
    """Copies the secret that the dialog shows, closes the dialog and returns what was copied, all by keyboard."""
    keys = Keyboard(dialog.page)
    keys.activate(dialog.get_by_role("button", name="Copy"))
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    copied: str = dialog.page.evaluate("() => navigator.clipboard.readText()")
    assert copied.startswith("whsec_")
    keys.activate(dialog.get_by_role("button", name="Done"))
    return copied


def test_an_admin_signs_in_changes_a_role_undoes_it_and_finds_it_in_the_audit(register: Register, visit: Open) -> None:
    # Given an admin at the sign-in page, with a wrong password first
    tenant = register("Console of <b>Acme</b>")
    user = tenant.add("user")
    here = visit()
    here.see_heading("Sign in")
    here.check_screen_or_dialog("sign-in")
    here.sign_in("Tenant user", tenant.admin.email, "a wrong password")
    expect(here.page.get_by_role("alert")).to_have_text("These credentials are not accepted.")
    here.sign_in("Tenant user", tenant.admin.email, PASSWORD)
    here.see_heading("Users")
    expect(here.page).to_have_title("Rolecall")

    # When they search for a user and change the role in place
    here.page.get_by_label("Search by email").fill(user.email)
    expect(here.page).to_have_url(re.compile(r"#/users\?email="))
    expect(here.page.get_by_role("rowheader")).to_have_count(1)
    here.check_screen_or_dialog("users")
    here.page.get_by_label(f"Role of {user.email}").select_option("manager")

    # Then the result is said, and it is true
    here.see_result(re.compile(rf"{user.email} is now manager"))
    assert tenant.role_of(user.id) == "manager"
    here.check_accessibility("users with a result")

    # And it can be undone
    here.page.get_by_role("button", name="Undo").click()
    here.see_result(re.compile("Undone"))
    assert tenant.role_of(user.id) == "user"

    # And the audit says both, and who did it
    here.page.get_by_role("link", name="Audit").click()
    here.see_heading("Audit")
    entries = here.page.get_by_role("list", name="Entries").get_by_role("listitem")
    expect(entries.filter(has_text="changed the role of")).to_have_count(2)
    for text in (tenant.admin.email, "changed the role of", user.email, "role user → manager"):
        expect(entries.nth(1)).to_contain_text(text)
    here.check_screen_or_dialog("audit")
    entries.first.get_by_role("button", name="Details").click()
    expect(here.dialog("changed the role of")).to_contain_text("undone in the console")
    here.check_screen_or_dialog("details of an entry")
    here.page.keyboard.press("Escape")

    # And what is filtered can be exported
    here.page.get_by_label("Action").select_option("promote_user")
    expect(here.page.get_by_role("list", name="Entries").get_by_role("listitem")).to_have_count(2)
    exported = here.text_saved_by(lambda: here.page.get_by_role("button", name="Export as CSV").click())
    assert exported.splitlines()[0].startswith("timestamp,outcome,action,actor_type")
    assert len(exported.splitlines()) == 3


def test_after_a_concurrent_role_change_both_values_are_shown(register: Register, visit: Open) -> None:
    # Given a list that shows a user, and a colleague who changes the role meanwhile
    tenant = register("Console of two admins")
    user = tenant.add("user")
    here = visit()
    here.sign_in_with_token(tenant.admin.token)
    expect(here.row(user.email)).to_be_visible()
    other = tenant.add("admin")
    assert tenant.promote(other, user, "manager").status == 200

    # When the admin gives another role
    here.page.get_by_label(f"Role of {user.email}").select_option("admin")

    # Then the page says what it was and what it is, and nothing is overwritten
    refusal = here.row(user.email).get_by_role("alert")
    expect(refusal).to_contain_text("You saw user")
    expect(refusal).to_contain_text("Now it is manager")
    assert tenant.role_of(user.id) == "manager"
    here.check_accessibility("changed meanwhile")

    # And the admin, who knows it now, can give the role all the same
    here.row(user.email).get_by_role("button", name="Change to admin anyway").click()
    here.see_result(re.compile(rf"{user.email} is now admin"))
    assert tenant.role_of(user.id) == "admin"


def test_an_admin_deactivates_a_person_and_activates_them_again(register: Register, visit: Open) -> None:
    tenant = register("Console of a person")
    user = tenant.add("user")
    here = visit(hash_=f"#/users?person={user.id}")
    here.sign_in_with_token(tenant.admin.token)
    person = here.dialog(user.email)
    here.check_screen_or_dialog("a person")

    # When an admin deactivates the person, then their token stops at once, which is said where the admin is
    person.get_by_role("button", name="Deactivate").click()
    here.check_screen_or_dialog("deactivation")
    dialog = here.dialog(f"Deactivate {user.email}?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_label("Reason").fill("on leave")
    dialog.get_by_role("button", name="Deactivate").click()
    expect(person.get_by_role("status").last).to_have_text(f"{user.email} is now inactive.")
    here.check_accessibility("a person with a result")
    assert tenant.request(user, "GET", f"/users/{user.id}").status == 401

    # And when the admin activates the person, then it works again, and Undo takes that back
    person.get_by_role("button", name="Activate", exact=True).click()
    here.check_screen_or_dialog("activation")
    here.dialog(f"Activate {user.email}?").get_by_role("button", name="Activate", exact=True).click()
    here.see_result(f"{user.email} is now active.")
    assert tenant.request(user, "GET", f"/users/{user.id}").status == 200
    person.get_by_role("button", name="Undo").click()
    expect(person.get_by_role("status").last).to_have_text(f"{user.email} is now inactive.")
    person.get_by_role("button", name="Close").click()
    expect(here.page.get_by_role("heading", level=1)).to_be_focused()


def test_an_admin_renews_a_token_sets_a_password_and_deletes_the_person_by_keyboard_alone(
    register: Register, visit: Open
) -> None:
    tenant = register("Console of a leaver")
    user = tenant.add("user")
    here = visit(hash_=f"#/users?email={user.email}")
    keys = Keyboard(here.page)
    here.sign_in_with_token(tenant.admin.token)
    keys.activate(here.row(user.email).get_by_role("link", name=user.email))
    person = here.dialog(user.email)

    # When the admin makes a new token, then it is shown once, and the old one no longer works
    keys.activate(person.get_by_role("button", name="New API token"))
    here.check_screen_or_dialog("rotation")
    dialog = here.dialog(f"A new API token for {user.email}?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    keys.activate(dialog.get_by_role("button", name="Make a new token"))
    here.check_screen_or_dialog("rotated token")
    dialog = here.dialog(f"New API token of {user.email}")
    expect(dialog.get_by_role("button", name="Copy")).to_be_focused()
    token = dialog.locator("output").inner_text()
    assert tenant.request(user, "GET", f"/users/{user.id}").status == 401
    assert tenant.request(replace(user, token=token), "GET", f"/users/{user.id}").status == 200
    keys.activate(dialog.get_by_role("button", name="Done"))
    expect(person.get_by_role("button", name="New API token")).to_be_focused()

    # When the admin sets a password, then the API's rules are told where it is typed
    keys.activate(person.get_by_role("button", name="Set password"))
    dialog = here.dialog(f"Set the password of {user.email}")
    keys.fill(dialog.get_by_label("New password"), user.email)
    keys.activate(dialog.get_by_role("button", name="Set password"))
    expect(dialog.get_by_role("alert")).to_contain_text("must not be the email")
    here.check_screen_or_dialog("password of a user")
    keys.fill(dialog.get_by_label("New password"), NEW)
    keys.activate(dialog.get_by_role("button", name="Set password"))
    here.see_result(f"The password of {user.email} is set. Their sessions have ended.")

    # When the admin deletes the person, then row and dialog go, and the focus goes to the heading
    keys.activate(person.get_by_role("button", name="Delete"))
    here.check_screen_or_dialog("deletion of a user")
    dialog = here.dialog(f"Delete {user.email}?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    keys.activate(dialog.get_by_role("button", name="Delete for good"))
    here.see_result(f"{user.email} is deleted.")
    expect(here.page.get_by_role("dialog")).to_have_count(0)
    expect(here.row(user.email)).to_have_count(0)
    expect(here.page.get_by_role("heading", level=1)).to_be_focused()
    assert tenant.request(tenant.admin, "GET", f"/users/{user.id}").status == 404


def test_many_roles_are_changed_from_a_csv_by_keyboard_alone(register: Register, visit: Open) -> None:
    tenant = register("Console of many")
    first, second = tenant.add("user"), tenant.add("user")
    here = visit()
    here.sign_in_with_token(tenant.admin.token)
    keys = Keyboard(here.page)
    keys.activate(here.page.get_by_role("link", name="Change many"))
    here.check_screen_or_dialog("many roles")

    # When an admin types changes in, one of which is their own
    rows = [f"{first.email},manager", f"{second.email},admin", f"{tenant.admin.email},user"]
    keys.fill(here.page.get_by_label(re.compile("^CSV")), "\n".join(["email,new_role", *rows]))
    keys.activate(here.page.get_by_role("button", name="Dry run"))

    # Then the dry run says what would happen, and nothing has
    expect(here.row(tenant.admin.email)).to_contain_text("would be refused")
    here.check_screen_or_dialog("dry run")
    assert (tenant.role_of(first.id), tenant.role_of(second.id)) == ("user", "user")

    # When they run it, then it says what happened
    keys.activate(here.page.get_by_role("button", name="Change 2 roles"))
    here.see_result(re.compile("2 changed"))
    here.check_screen_or_dialog("results")
    assert (tenant.role_of(first.id), tenant.role_of(second.id)) == ("manager", "admin")
    saved = here.text_saved_by(lambda: keys.activate(here.page.get_by_role("button", name="Save results as CSV")))
    assert first.email in saved


def test_a_role_is_given_to_all_that_match_not_only_to_one_page_by_keyboard_alone(
    layer: None, stack: Stack, register: Register, visit: Open
) -> None:
    # Given more users than a page shows, and one with another email
    admin, *others = create_bulk_users(60, 1)
    tenant = Tenant(stack, admin.tenant_id, "", Member(admin.user_id, admin.email, "admin", admin.token))
    count = sum(user.role == "user" for user in others)
    here = visit(hash_="#/users?role=user")
    here.sign_in_with_token(admin.token)
    expect(here.page.get_by_role("rowheader")).to_have_count(50)
    expect(here.page.get_by_role("navigation", name="Users")).to_contain_text("Users 1 to 50")

    # When the admin selects the page, and then all that match
    keys = Keyboard(here.page)
    keys.reach(here.page.get_by_label("Select all on this page"))
    keys.press("Space")
    expect(here.page.get_by_text("50 users selected")).to_be_visible()
    keys.reach(here.page.get_by_role("button", name="Select all that match"), by="Shift+Tab")
    keys.press("Enter")
    expect(here.page.get_by_text(f"{count} users selected")).to_be_visible()
    keys.activate(here.page.get_by_role("link", name="Change their roles"))
    keys.reach(here.page.get_by_label("New role"))
    keys.press("m")
    keys.fill(here.page.get_by_label("Reason"), "the team leads itself")
    keys.activate(here.page.get_by_role("button", name="Dry run"))

    # Then the dry run looks at each of them, the run changes each of them, and the results can be saved
    expect(here.page.get_by_text(f"{count} would change, 0 stay, 0 would be refused").first).to_be_visible()
    keys.activate(here.page.get_by_role("button", name=f"Change {count} roles"))
    expect(here.page.get_by_role("progressbar", name="Changing roles")).to_be_visible()
    here.see_result(f"{count} changed, 0 stay, 0 refused")
    saved = here.text_saved_by(lambda: keys.activate(here.page.get_by_role("button", name="Save results as CSV")))
    lines = list(csv.DictReader(StringIO(saved)))
    assert {(line["email"], line["outcome"]) for line in lines} == {
        (user.email, "changed") for user in others if user.role == "user"
    }
    left = tenant.request(tenant.admin, "GET", "/users?role=user").json()["users"]
    assert left == []


def test_a_manager_opens_a_person_by_id_on_a_phone(register: Register, visit: Open) -> None:
    tenant = register("Console of a manager")
    manager, user = tenant.add("manager"), tenant.add("user")
    here = visit(hash_=f"#/users?person={user.id}", narrow=True)
    here.check_screen_or_dialog("sign-in")
    here.sign_in_with_token(manager.token)
    here.see_heading("Users")

    expect(here.page.get_by_role("heading", name=user.email)).to_be_visible()
    here.check_screen_or_dialog("one person")
    wide, shown = here.page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert wide <= shown


def test_an_admin_adds_a_webhook_and_changes_its_secret_by_keyboard_alone(register: Register, visit: Open) -> None:
    tenant = register("Console of webhooks")
    user = tenant.add("user")
    here = visit(hash_="#/webhooks")
    with receiving() as receiver:
        url = receiver.url
        here.sign_in_with_token(tenant.admin.token)
        here.see_heading("Webhooks")
        expect(here.page.get_by_text("There are no webhooks.")).to_be_visible()

        # When an admin adds a webhook for one user from the palette, first with an email that nobody has
        keys = Keyboard(here.page)
        keys.press("Control+k")
        keys.type("add a webhook")
        keys.press("Enter")
        dialog = here.dialog("Add a webhook")
        keys.fill(dialog.get_by_label("Address"), url)
        keys.fill(dialog.get_by_label("Only for this user"), f"no-{user.email}")
        keys.activate(dialog.get_by_role("button", name="Add"))
        expect(dialog.get_by_role("alert")).to_have_text("No user has this email.")
        here.check_screen_or_dialog("creation of a webhook")
        keys.fill(dialog.get_by_label("Only for this user"), user.email.upper())
        keys.activate(dialog.get_by_role("button", name="Add"))

        # Then the secret is shown once and can be copied, and the list says whose events the webhook gets
        dialog = here.dialog(f"{url} is added.")
        here.check_screen_or_dialog("secret of a created webhook")
        first = _copied_secret(dialog)
        link = here.row(url).get_by_role("link", name="one user")
        expect(link).to_have_attribute("href", f"#/users?person={user.id}")
        here.check_screen_or_dialog("webhooks")

        # When the admin makes a new secret and sends a test, then the page says how it went, and both secrets sign it
        keys.activate(here.page.get_by_role("button", name=f"New secret of {url}"))
        dialog = here.dialog("Make a new secret?")
        expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        here.check_screen_or_dialog("new secret of a webhook")
        keys.activate(dialog.get_by_role("button", name="Make a new secret"))
        dialog = here.dialog(f"{url} has a new secret.")
        here.check_screen_or_dialog("rotated secret of a webhook")
        second = _copied_secret(dialog)
        assert first != second
        keys.activate(here.page.get_by_role("button", name=f"Test {url}"))
        here.see_result(f"{url} has received a delivery.")
        receiver.received[0].verify(first)
        receiver.received[0].verify(second)


def test_an_admin_sees_why_a_webhook_fails_and_deletes_it_by_keyboard_alone(register: Register, visit: Open) -> None:
    tenant = register("Console of a failing webhook")
    with receiving() as receiver:
        url = receiver.url
        assert tenant.request(tenant.admin, "POST", "/webhooks", {"url": url}).status == 201
        here = visit(hash_="#/webhooks")
        here.sign_in_with_token(tenant.admin.token)
        keys = Keyboard(here.page)

        # When a test fails, then the page says it in words
        receiver.statuses = [410]
        keys.activate(here.page.get_by_role("button", name=f"Test {url}"))
        here.see_result(f"The delivery to {url} failed: HTTP 410.")
        expect(here.row(url)).to_contain_text("disabled")
        here.check_accessibility("a disabled webhook")

        # When the admin deletes it, then they are asked first, and it is gone
        keys.activate(here.page.get_by_role("button", name=f"Delete {url}"))
        dialog = here.dialog("Delete this webhook?")
        expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        here.check_screen_or_dialog("deletion of a webhook")
        keys.activate(dialog.get_by_role("button", name="Delete"))
        here.see_result(f"{url} is deleted.")
        expect(here.row(url)).to_have_count(0)
        expect(here.page.get_by_role("heading", level=1)).to_be_focused()
        assert tenant.request(tenant.admin, "GET", "/webhooks").json()["webhooks"] == []
