"""The web console in a browser: operators and superadmins do their work."""

import json
import re
from itertools import count

from playwright.sync_api import Locator, Route, expect

from local.commands.operate import operate
from local.deployment.stack import Stack
from local.http import call
from tests.e2e.browsers import in_a_browser
from tests.e2e.conftest import PASSWORD
from tests.e2e.console.keyboard import Keyboard
from tests.e2e.console.visit import Open, Register, Visit
from tests.superadmins import create_superadmin

pytestmark = in_a_browser

NEW = "another horse entirely"
_numbers = count(1)


def test_an_operator_registers_a_tenant_and_deletes_it_up_to_the_receipt_by_keyboard_alone(
    stack: Stack, visit: Open
) -> None:
    # Given an operator who registers a tenant with markup in its name
    number = next(_numbers)
    name, email = f"<i>Doomed</i> & Sons {number}", f"doomed-{number}@example.com"
    here = visit(hash_="#/tenants")
    keys = Keyboard(here.page)
    keys.fill(here.page.get_by_label("API token or master token"), stack.master_token)
    keys.press("Enter")
    here.see_heading("Tenants")
    keys.press("n")
    dialog = here.dialog("Register a tenant")
    here.check_screen_or_dialog("registration")
    keys.fill(dialog.get_by_label("Name of the tenant"), name)
    keys.fill(dialog.get_by_label("Email of its first admin"), email)
    keys.fill(dialog.get_by_label("Password of the admin"), PASSWORD)
    keys.press("Enter")
    dialog = here.dialog(f"{name} is registered.")
    expect(dialog.get_by_text(f"API token of {email}")).to_be_visible()
    here.check_screen_or_dialog("token of a registration")
    keys.activate(dialog.get_by_role("button", name="Done"))

    # When the operator deletes it, then the page shows what will go and asks for the name
    keys.fill(here.page.get_by_label("Search by name"), name)
    expect(here.row(name)).to_be_visible()
    expect(here.page.get_by_role("rowheader")).to_have_count(1)
    here.check_screen_or_dialog("tenants")
    keys.activate(here.page.get_by_role("button", name=f"Delete {name}"))
    dialog = here.dialog(f"Delete {name}?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    expect(dialog.get_by_text("1 user", exact=True)).to_be_visible()
    here.check_screen_or_dialog("deletion of a tenant")
    keys.press("Shift+Tab")
    keys.fill(dialog.get_by_label("Type the name to confirm"), "Doomed")
    keys.press("Enter")
    expect(dialog.get_by_text("This is not the name of the tenant.")).to_be_in_viewport()
    expect(dialog.get_by_label("Type the name to confirm")).to_be_focused()

    # And with the name it deletes, and shows how far it is
    progress = _FrozenDeletion(here)
    keys.fill(dialog.get_by_label("Type the name to confirm"), name)
    keys.press("Enter")
    dialog = here.dialog(f"Deletion of {name}")
    expect(dialog.get_by_text("30 of 100 items")).to_be_visible()
    assert dialog.get_by_role("progressbar").get_attribute("value") == "30"
    here.check_screen_or_dialog("progress of a deletion")

    # And at the end it offers the receipt
    progress.end()
    expect(dialog.get_by_role("heading", name="Deleted", exact=True)).to_be_focused()
    here.check_screen_or_dialog("receipt")
    receipt = json.loads(here.text_saved_by(lambda: keys.activate(dialog.get_by_role("button", name="Save receipt"))))
    assert (receipt["status"], receipt["tenant_name"], receipt["verified"]) == ("deleted", name, True)
    keys.activate(dialog.get_by_role("button", name="Done"))
    expect(here.row(name)).to_have_count(0)
    expect(here.page.get_by_role("heading", level=1)).to_be_focused()


class _FrozenDeletion:
    """Shows the page a deletion that is at 30 percent, until `end`. A small tenant is gone too soon to look at it."""

    def __init__(self, here: Visit) -> None:
        self._has_ended = False
        here.page.route("**/deletion", self._answer)

    def _answer(self, route: Route) -> None:
        response = route.fetch()
        body = response.json()
        if response.ok and not self._has_ended:
            body["data"] |= {"status": "deleting", "percent": 30, "deleted": {"users": 30}, "total": {"users": 100}}
        route.fulfill(response=response, json=body)

    def end(self) -> None:
        self._has_ended = True


def test_an_operator_protects_a_tenant_schedules_its_deletion_and_restores_it_by_keyboard_alone(
    stack: Stack, register: Register, visit: Open
) -> None:
    name = f"Console kept {next(_numbers)}"
    tenant = register(name)
    here = visit(hash_=f"#/tenants?name={name}")
    keys = Keyboard(here.page)
    here.sign_in_with_token(stack.master_token)

    # When the operator protects the tenant, then the dialog of its deletion says so
    keys.activate(here.row(name).get_by_role("button", name=name, exact=True))
    dialog = here.dialog(name)
    keys.activate(dialog.get_by_role("button", name="Protect against deletion"))
    here.see_result(f"{name} is protected against deletion.")
    here.check_screen_or_dialog("details of a tenant")
    here.page.keyboard.press("Escape")
    keys.activate(here.page.get_by_role("button", name=f"Delete {name}"))
    expect(here.dialog(f"Delete {name}?").get_by_role("alert")).to_contain_text("protected against deletion")
    here.page.keyboard.press("Escape")

    # When the protection is undone and the deletion is scheduled, then nobody of the tenant gets in
    keys.activate(here.page.get_by_role("button", name="Undo"))
    here.see_result(f"{name} is no longer protected against deletion.")
    keys.activate(here.page.get_by_role("button", name=f"Delete {name}"))
    dialog = here.dialog(f"Delete {name}?")
    keys.reach(dialog.get_by_role("radio", name="Now"))
    keys.press("ArrowDown")
    keys.fill(dialog.get_by_label("Type the name to confirm"), name)
    keys.activate(dialog.get_by_role("button", name="Schedule the deletion"))
    here.see_result(re.compile("is scheduled"))
    expect(here.row(name)).to_have_count(0)
    expect(here.page.get_by_role("heading", level=1)).to_be_focused()
    assert tenant.request(tenant.admin, "GET", "/users").status == 401

    # And when it is restored, then everything is as it was
    keys.reach(here.page.get_by_label("Status"))
    keys.type("deletion")
    expect(here.row(name)).to_be_visible()
    here.check_accessibility("scheduled tenants")
    keys.activate(here.page.get_by_role("button", name=f"Restore {name}"))
    here.see_result(f"{name} is restored. Everything is as it was.")
    expect(here.row(name)).to_have_count(0)
    expect(here.page.get_by_role("heading", level=1)).to_be_focused()
    assert tenant.request(tenant.admin, "GET", "/users").status == 200


def test_a_superadmin_chooses_a_password_first_and_then_works_by_keyboard_alone(stack: Stack, visit: Open) -> None:
    # Given a superadmin with a temporary password
    number = next(_numbers)
    made = operate(stack, "create_superadmin", [f"email=console-{number}@example.com", "force=true"])
    here = visit()
    keys = Keyboard(here.page)
    group = here.page.get_by_role("group", name="Platform account")
    keys.fill(group.get_by_label("Email"), made["email"])
    keys.fill(group.get_by_label("Password"), made["password"])
    keys.press("Enter")

    # Then the page lets them do nothing before they have chosen one
    here.see_heading("Choose a new password")
    here.check_screen_or_dialog("forced change of the password")
    keys.fill(here.page.get_by_label("Current password"), made["password"])
    keys.fill(here.page.get_by_label("New password", exact=True), NEW)
    keys.fill(here.page.get_by_label("Repeat the new password"), NEW)
    keys.press("Enter")
    here.see_heading("Accounts")

    # When they create an account and give it a role with a reason
    email = f"vera-{number}@example.com"
    keys.press("n")
    dialog = here.dialog("Create an account")
    here.check_screen_or_dialog("creation of an account")
    fields = {"Email": email, "First name": "Vera", "Last name": "<u>Silva</u>", "Password": PASSWORD}
    for label, value in fields.items():
        keys.fill(dialog.get_by_label(label), value)
    keys.press("Enter")
    here.see_result(f"{email} is created.")
    expect(here.page.get_by_role("dialog")).to_have_count(0)
    keys.press("/")
    keys.type(email)
    expect(here.page.get_by_role("rowheader")).to_have_count(1)
    expect(here.row(email)).to_contain_text("Vera <u>Silva</u>")
    here.check_screen_or_dialog("accounts")
    keys.reach(here.page.get_by_label(f"Role of {email}"))
    keys.type("admin")
    dialog = here.dialog(f"Change the role of {email}?")
    here.check_screen_or_dialog("role of an account")
    keys.press("Shift+Tab")
    keys.fill(dialog.get_by_label("Reason"), "leads the team")
    keys.press("Enter")
    here.see_result(f"{email} is now admin.")

    # And ban it, with a reason
    keys.activate(here.row(email).get_by_role("button", name=email, exact=True))
    here.check_screen_or_dialog("details of an account")
    keys.activate(here.dialog(email).get_by_role("button", name="Ban"))
    here.check_screen_or_dialog("ban")
    keys.fill(here.dialog(f"Ban {email}?").get_by_label("Reason"), "spam")
    keys.press("Enter")
    here.see_result(f"{email} is banned.")
    expect(here.row(email)).to_contain_text("banned")

    # Then the history tells it, newest first
    keys.activate(here.page.get_by_role("button", name=f"History of {email}"))
    timeline = here.dialog(f"History of {email}").get_by_role("listitem")
    expect(timeline).to_have_count(3)
    expect(timeline.nth(1)).to_contain_text("leads the team")
    here.check_screen_or_dialog("history")


def test_a_superadmin_disables_enables_bans_and_unbans_an_account_by_keyboard_alone(stack: Stack, visit: Open) -> None:
    # Given a superadmin, and an account
    number = next(_numbers)
    superadmin = create_superadmin(stack, f"keeper-{number}@example.com")
    other = create_superadmin(stack, f"kept-{number}@example.com")
    email = other["email"]
    here = visit(hash_=f"#/accounts?email={email}")
    keys = Keyboard(here.page)
    here.sign_in("Platform account", superadmin["email"], superadmin["password"])
    row = here.row(email)

    def ask(what: str) -> Locator:
        keys.activate(row.get_by_role("button", name=email, exact=True))
        keys.activate(here.dialog(email).get_by_role("button", name=what))
        return here.dialog(f"{what} {email}?")

    def give_reason(dialog: Locator, what: str) -> None:
        keys.fill(dialog.get_by_label("Reason"), f"to {what.lower()} it")
        keys.activate(dialog.get_by_role("button", name=what))

    # When the superadmin disables, enables, bans and unbans it, then the list says each
    dialog = ask("Disable")
    here.check_screen_or_dialog("disabling")
    give_reason(dialog, "Disable")
    here.see_result(f"{email} is disabled.")
    expect(row).to_contain_text("disabled")
    assert _login_status(stack, email, other["password"]) == 401
    dialog = ask("Enable")
    here.check_screen_or_dialog("enabling")
    give_reason(dialog, "Enable")
    here.see_result(f"{email} is enabled.")
    give_reason(ask("Ban"), "Ban")
    here.see_result(f"{email} is banned.")
    dialog = ask("Unban")
    here.check_screen_or_dialog("unban")
    give_reason(dialog, "Unban")
    here.see_result(f"{email} is no longer banned.")
    expect(row).not_to_contain_text("banned")


def test_a_superadmin_resets_a_password_and_changes_their_own_by_keyboard_alone(stack: Stack, visit: Open) -> None:
    # Given a superadmin, and an account
    number = next(_numbers)
    superadmin = create_superadmin(stack, f"resetter-{number}@example.com")
    email = create_superadmin(stack, f"forgetful-{number}@example.com")["email"]
    here = visit(hash_=f"#/accounts?email={email}")
    keys = Keyboard(here.page)
    here.sign_in("Platform account", superadmin["email"], superadmin["password"])
    row = here.row(email)

    # When the superadmin resets its password, then the temporary one is shown once, and it works
    keys.activate(row.get_by_role("button", name=email, exact=True))
    keys.activate(here.dialog(email).get_by_role("button", name="Reset password"))
    here.check_screen_or_dialog("password reset")
    dialog = here.dialog(f"Reset the password of {email}?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    keys.activate(dialog.get_by_role("button", name="Reset password"))
    dialog = here.page.get_by_role("dialog").filter(has_text="Temporary password")
    temporary = dialog.locator("output").inner_text()
    here.check_screen_or_dialog("temporary password")
    keys.activate(dialog.get_by_role("button", name="Done"))
    assert _login_status(stack, email, temporary) == 200

    # And when they change their own, then the new one counts, and this session goes on
    keys.activate(here.page.get_by_role("button", name="Change password"))
    dialog = here.dialog("Change your password")
    expect(dialog.get_by_label("Current password")).to_be_focused()
    here.check_screen_or_dialog("own password")
    keys.fill(dialog.get_by_label("Current password"), superadmin["password"])
    keys.fill(dialog.get_by_label("New password", exact=True), NEW)
    keys.fill(dialog.get_by_label("Repeat the new password"), "another horse")
    keys.activate(dialog.get_by_role("button", name="Change password"))
    expect(dialog.get_by_text("The two new passwords differ.")).to_be_visible()
    keys.fill(dialog.get_by_label("Repeat the new password"), NEW)
    keys.activate(dialog.get_by_role("button", name="Change password"))
    here.see_result("Your password is changed.")
    assert _login_status(stack, superadmin["email"], NEW) == 200
    here.expect_silent_renewal("/v1/api/auth/refresh", lambda: here.page.get_by_label("Enabled").select_option("true"))


def _login_status(stack: Stack, email: str, password: str) -> int:
    return call("POST", f"{stack.api}/v1/api/auth/login", body={"email": email, "password": password}).status


def test_an_account_without_rights_is_told_so(stack: Stack, visit: Open) -> None:
    superadmin = create_superadmin(stack, f"maker-{next(_numbers)}@example.com")
    login = call("POST", f"{stack.api}/v1/api/auth/login", body={k: superadmin[k] for k in ("email", "password")})
    client = {"email": f"client-{next(_numbers)}@example.com", "password": PASSWORD, "firstName": "A", "lastName": "B"}
    made = call("POST", f"{stack.api}/v1/api/superadmin/users", login.json()["accessToken"], client)
    assert made.status == 201, made.text
    here = visit()

    here.sign_in("Platform account", client["email"], PASSWORD)

    expect(here.page.get_by_text("it administers nothing here")).to_be_visible()
    here.check_screen_or_dialog("nothing to administer")
