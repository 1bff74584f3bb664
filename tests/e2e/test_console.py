"""The web console in a real browser: each kind of person does their work, and axe-core looks at every screen."""

import json
import re
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from playwright.sync_api import Browser, Locator, expect, sync_playwright

from local.commands.operate import operate
from local.deployment.stack import Stack
from tests.e2e.browsers import CHROMIUM, QUIET, in_a_browser
from tests.e2e.conftest import PASSWORD, Tenant
from tests.e2e.console_visit import Visit
from tests.receiver import receiving

pytestmark = in_a_browser

NEW = "another horse entirely"
_numbers = count(1)

type Register = Callable[[str], Tenant]
type Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def visit(stack: Stack, browser: Browser) -> Iterator[Open]:
    """Opens pages of the console. At the end of the test, each must have kept to the rules."""
    opened: list[Visit] = []

    def open_console(*, hash_: str = "", narrow: bool = False) -> Visit:
        opened.append(Visit.begin(browser, stack.api, hash_=hash_, narrow=narrow))
        return opened[-1]

    yield open_console
    for one in opened:
        one.end()


def _role(tenant: Tenant, user_id: str) -> str:
    found: str = tenant.request(tenant.admin, "GET", f"/users/{user_id}").json()["data"]["role"]
    return found


def test_an_admin_signs_in_changes_a_role_undoes_it_and_finds_it_in_the_audit(register: Register, visit: Open) -> None:
    # Given an admin at the sign-in page, with a wrong password first
    tenant = register("Console of <b>Acme</b>")
    user = tenant.add("user")
    here = visit()
    here.see_heading("Sign in")
    here.check_accessibility("sign-in")
    here.sign_in("Tenant user", tenant.admin.email, "a wrong password")
    expect(here.page.get_by_role("alert")).to_have_text("These credentials are not accepted.")
    here.sign_in("Tenant user", tenant.admin.email, PASSWORD)
    here.see_heading("Users")
    expect(here.page).to_have_title("Rolecall")

    # When they search for a user and change the role in place
    here.page.get_by_label("Search by email").fill(user.email)
    expect(here.page).to_have_url(re.compile(r"#/users\?email="))
    expect(here.page.get_by_role("rowheader")).to_have_count(1)
    here.check_accessibility("users")
    here.page.get_by_label(f"Role of {user.email}").select_option("manager")

    # Then the result is said, and it is true
    here.see_result(re.compile(rf"{user.email} is now manager"))
    assert _role(tenant, user.id) == "manager"
    here.check_accessibility("users with a result")

    # And it can be undone
    here.page.get_by_role("button", name="Undo").click()
    here.see_result(re.compile("Undone"))
    assert _role(tenant, user.id) == "user"

    # And the audit says both, and who did it
    here.page.get_by_role("link", name="Audit").click()
    here.see_heading("Audit")
    entries = here.page.get_by_role("list", name="Entries").get_by_role("listitem")
    expect(entries.filter(has_text="changed the role of")).to_have_count(2)
    for text in (tenant.admin.email, "changed the role of", user.email, "role user → manager"):
        expect(entries.nth(1)).to_contain_text(text)
    here.check_accessibility("audit")
    entries.first.get_by_role("button", name="Details").click()
    expect(here.dialog("changed the role of")).to_contain_text("undone in the console")
    here.check_accessibility("details of an entry")
    here.page.keyboard.press("Escape")

    # And what is filtered can be exported
    here.page.get_by_label("Action").select_option("promote_user")
    expect(here.page.get_by_role("list", name="Entries").get_by_role("listitem")).to_have_count(2)
    exported = here.saved(lambda: here.page.get_by_role("button", name="Export as CSV").click())
    assert exported.splitlines()[0].startswith("timestamp,outcome,action,actor_type")
    assert len(exported.splitlines()) == 3


def test_a_role_that_was_changed_meanwhile_is_told_with_both_values(register: Register, visit: Open) -> None:
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
    assert _role(tenant, user.id) == "manager"
    here.check_accessibility("changed meanwhile")


def test_a_session_that_ended_asks_again_and_nothing_typed_is_lost(register: Register, visit: Open) -> None:
    # Given an admin who types a new user in, and a colleague who sets the admin's password meanwhile
    tenant = register("Console of a session")
    colleague = tenant.add("admin")
    here = visit()
    here.sign_in("Tenant user", tenant.admin.email, PASSWORD)
    here.page.get_by_role("button", name="Create user").click()
    dialog = here.dialog("Create a user")
    here.check_accessibility("creation of a user")
    email = f"typed-{next(_numbers)}@example.com"
    dialog.get_by_label("Email").fill(email)
    dialog.get_by_label("Password").fill(PASSWORD)
    path = f"/users/{tenant.admin.id}/password"
    assert tenant.request(colleague, "PUT", path, {"new_password": NEW}).status == 200

    # When the admin goes on, then the page asks for the credential over what was typed
    dialog.get_by_role("button", name="Create user").click()
    ended = here.dialog("Your session has ended")
    here.check_accessibility("session ended")
    ended.get_by_label("Password").fill(NEW)
    ended.get_by_role("button", name="Go on").click()

    # And then the user is created as it was typed, and the token is shown once
    expect(here.page.get_by_role("dialog").get_by_role("button", name="Copy")).to_be_visible()
    users = tenant.request(colleague, "GET", f"/users?email={email}").json()["users"]
    assert [user["email"] for user in users] == [email]
    here.check_accessibility("token shown once")


def test_many_roles_are_changed_from_a_csv_after_a_dry_run(register: Register, visit: Open) -> None:
    tenant = register("Console of many")
    first, second = tenant.add("user"), tenant.add("user")
    here = visit(hash_="#/users/many")
    here.sign_in_with_token(tenant.admin.token)
    here.check_accessibility("many")

    # When an admin pastes changes, one of which is their own
    rows = [f"{first.email},manager", f"{second.email},admin", f"{tenant.admin.email},user"]
    here.page.get_by_label(re.compile("^CSV")).fill("\n".join(["email,new_role", *rows]))
    here.page.get_by_role("button", name="Dry run").click()

    # Then the dry run says what would happen, and nothing has
    expect(here.row(tenant.admin.email)).to_contain_text("would be refused")
    here.check_accessibility("dry run")
    assert (_role(tenant, first.id), _role(tenant, second.id)) == ("user", "user")

    # When they run it, then it says what happened
    here.page.get_by_role("button", name="Change 2 roles").click()
    here.see_result(re.compile("2 changed"))
    assert (_role(tenant, first.id), _role(tenant, second.id)) == ("manager", "admin")
    saved = here.saved(lambda: here.page.get_by_role("button", name="Save results as CSV").click())
    assert first.email in saved

    # And users who are selected in the list can be changed too
    here.page.get_by_role("link", name="Back to the list").click()
    for member in (first, second):
        here.page.get_by_label(f"Select {member.email}").check()
    here.page.get_by_role("link", name="Change their roles").click()
    here.page.get_by_label("New role").select_option("user")
    here.page.get_by_role("button", name="Dry run").click()
    here.page.get_by_role("button", name="Change 2 roles").click()
    here.see_result(re.compile("2 changed"))
    assert (_role(tenant, first.id), _role(tenant, second.id)) == ("user", "user")


def test_a_manager_opens_a_person_by_id_on_a_phone(register: Register, visit: Open) -> None:
    tenant = register("Console of a manager")
    manager, user = tenant.add("manager"), tenant.add("user")
    here = visit(hash_=f"#/users?person={user.id}", narrow=True)
    here.check_accessibility("sign-in on a phone")
    here.sign_in_with_token(manager.token)
    here.see_heading("Users")

    expect(here.page.get_by_role("heading", name=user.email)).to_be_visible()
    here.check_accessibility("a person on a phone")
    wide, shown = here.page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert wide <= shown


def test_an_operator_registers_a_tenant_and_deletes_it_up_to_the_receipt(stack: Stack, visit: Open) -> None:
    # Given an operator who registers a tenant with markup in its name
    number = next(_numbers)
    name, email = f"<i>Doomed</i> & Sons {number}", f"doomed-{number}@example.com"
    here = visit(hash_="#/tenants")
    here.sign_in_with_token(stack.master_token)
    here.see_heading("Tenants")
    here.page.get_by_role("button", name="Register tenant").click()
    dialog = here.dialog("Register a tenant")
    here.check_accessibility("registration")
    dialog.get_by_label("Name of the tenant").fill(name)
    dialog.get_by_label("Email of its first admin").fill(email)
    dialog.get_by_label("Password of the admin").fill(PASSWORD)
    dialog.get_by_role("button", name="Register").click()
    dialog = here.dialog(f"{name} is registered.")
    expect(dialog.get_by_text(f"API token of {email}")).to_be_visible()
    dialog.get_by_role("button", name="Done").click()

    # When the operator deletes it, then the page shows what will go and asks for the name
    here.page.get_by_label("Search by name").fill(name)
    expect(here.row(name)).to_be_visible()
    here.check_accessibility("tenants")
    here.page.get_by_role("button", name=f"Delete {name}").click()
    dialog = here.dialog(f"Delete {name}?")
    expect(dialog.get_by_text("1 users")).to_be_visible()
    here.check_accessibility("deletion")
    dialog.get_by_label("Type the name to confirm").fill("Doomed")
    dialog.get_by_role("button", name="Delete now").click()
    expect(dialog.get_by_text("This is not the name of the tenant.")).to_be_visible()

    # And with the name it deletes, shows the progress and offers the receipt
    dialog.get_by_label("Type the name to confirm").fill(name)
    dialog.get_by_role("button", name="Delete now").click()
    dialog = here.dialog(f"Deletion of {name}")
    expect(dialog.get_by_role("progressbar").or_(dialog.get_by_role("heading", name="Deleted")).first).to_be_visible()
    expect(dialog.get_by_role("heading", name="Deleted", exact=True)).to_be_focused()
    here.check_accessibility("receipt")
    receipt = json.loads(here.saved(lambda: dialog.get_by_role("button", name="Save receipt").click()))
    assert (receipt["status"], receipt["tenant_name"], receipt["verified"]) == ("deleted", name, True)
    dialog.get_by_role("button", name="Done").click()
    expect(here.row(name)).to_have_count(0)


def test_an_operator_protects_a_tenant_schedules_its_deletion_and_restores_it(
    stack: Stack, register: Register, visit: Open
) -> None:
    name = f"Console kept {next(_numbers)}"
    tenant = register(name)
    here = visit(hash_=f"#/tenants?name={name}")
    here.sign_in_with_token(stack.master_token)

    # When the operator protects the tenant, then the dialog of its deletion says so
    here.row(name).get_by_role("button", name=name, exact=True).click()
    dialog = here.dialog(name)
    dialog.get_by_role("button", name="Protect against deletion").click()
    here.see_result(f"{name} is protected against deletion.")
    here.check_accessibility("details of a tenant")
    here.page.keyboard.press("Escape")
    here.page.get_by_role("button", name=f"Delete {name}").click()
    expect(here.dialog(f"Delete {name}?").get_by_role("alert")).to_contain_text("protected against deletion")
    here.page.keyboard.press("Escape")

    # When the protection is undone and the deletion is scheduled, then nobody of the tenant gets in
    here.page.get_by_role("button", name="Undo").click()
    here.see_result(f"{name} is no longer protected against deletion.")
    here.page.get_by_role("button", name=f"Delete {name}").click()
    dialog = here.dialog(f"Delete {name}?")
    dialog.get_by_label("In some days").check()
    dialog.get_by_label("Type the name to confirm").fill(name)
    dialog.get_by_role("button", name="Schedule the deletion").click()
    here.see_result(re.compile("is scheduled"))
    assert tenant.request(tenant.admin, "GET", "/users").status == 401

    # And when it is restored, then everything is as it was
    here.page.get_by_label("Status").select_option("scheduled")
    here.check_accessibility("scheduled tenants")
    here.page.get_by_role("button", name=f"Restore {name}").click()
    here.see_result(f"{name} is restored. Everything is as it was.")
    assert tenant.request(tenant.admin, "GET", "/users").status == 200


def test_an_admin_adds_a_webhook_tests_it_changes_its_secret_and_deletes_it(register: Register, visit: Open) -> None:
    tenant = register("Console of webhooks")
    user = tenant.add("user")
    here = visit(hash_="#/webhooks")
    with receiving() as receiver:
        url = receiver.url
        here.sign_in_with_token(tenant.admin.token)
        here.see_heading("Webhooks")
        expect(here.page.get_by_text("There are no webhooks.")).to_be_visible()

        # When an admin adds a webhook for one user from the palette, first with an email that nobody has
        here.page.keyboard.press("Control+k")
        here.page.keyboard.type("add a webhook")
        here.page.keyboard.press("Enter")
        dialog = here.dialog("Add a webhook")
        dialog.get_by_label("Address").fill(url)
        dialog.get_by_label("Only for this user").fill(f"no-{user.email}")
        dialog.get_by_role("button", name="Add").click()
        expect(dialog.get_by_role("alert")).to_have_text("No user has this email.")
        here.check_accessibility("creation of a webhook")
        dialog.get_by_label("Only for this user").fill(user.email.upper())
        dialog.get_by_role("button", name="Add").click()

        # Then the secret is shown once and can be copied, and the list says whom the webhook hears of
        dialog = here.dialog(f"{url} is added.")
        here.check_accessibility("secret of a webhook")
        first = _copied_secret(dialog)
        link = here.row(url).get_by_role("link", name="one user")
        expect(link).to_have_attribute("href", f"#/users?person={user.id}")
        here.check_accessibility("webhooks")

        # When the admin makes a new secret and sends a test, then the page says how it went, and both secrets sign it
        here.page.get_by_role("button", name=f"New secret of {url}").click()
        dialog = here.dialog("Make a new secret?")
        expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        here.check_accessibility("new secret of a webhook")
        dialog.get_by_role("button", name="Make a new secret").click()
        second = _copied_secret(here.dialog(f"{url} has a new secret."))
        assert first != second
        here.page.get_by_role("button", name=f"Test {url}").click()
        here.see_result(f"{url} has received a delivery.")
        receiver.received[0].verify(first)
        receiver.received[0].verify(second)

        # And a test that fails is said too, in words
        receiver.statuses = [410]
        here.page.get_by_role("button", name=f"Test {url}").click()
        here.see_result(f"The delivery to {url} failed: HTTP 410.")
        expect(here.row(url)).to_contain_text("disabled")
        here.check_accessibility("a disabled webhook")

        # When the admin deletes it, then they are asked first, and it is gone
        here.page.get_by_role("button", name=f"Delete {url}").click()
        dialog = here.dialog("Delete this webhook?")
        expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        here.check_accessibility("deletion of a webhook")
        dialog.get_by_role("button", name="Delete").click()
        here.see_result(f"{url} is deleted.")
        expect(here.row(url)).to_have_count(0)
        expect(here.page.get_by_role("heading", level=1)).to_be_focused()
        assert tenant.request(tenant.admin, "GET", "/webhooks").json()["webhooks"] == []


def _copied_secret(dialog: Locator) -> str:
    """Copies the secret that the dialog shows, closes the dialog and returns what was copied."""
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    copied: str = dialog.page.evaluate("() => navigator.clipboard.readText()")
    assert copied.startswith("whsec_")
    dialog.get_by_role("button", name="Done").click()
    return copied


def test_a_superadmin_chooses_a_password_first_and_then_administers_accounts(stack: Stack, visit: Open) -> None:
    # Given a superadmin with a temporary password, and an account
    number = next(_numbers)
    made = operate(stack, "create_superadmin", [f"email=console-{number}@example.com", "force=true"])
    here = visit()
    here.sign_in("Platform account", made["email"], made["password"])

    # Then the page lets them do nothing before they have chosen one
    here.see_heading("Choose a new password")
    here.check_accessibility("forced change of the password")
    here.page.get_by_label("Current password").fill(made["password"])
    here.page.get_by_label("New password", exact=True).fill(NEW)
    here.page.get_by_label("Repeat the new password").fill(NEW)
    here.page.get_by_role("button", name="Save and go on").click()
    here.see_heading("Accounts")

    # When they create an account and give it a role with a reason
    email = f"vera-{number}@example.com"
    here.page.get_by_role("button", name="Create account").click()
    dialog = here.dialog("Create an account")
    here.check_accessibility("creation of an account")
    fields = {"Email": email, "First name": "Vera", "Last name": "<u>Silva</u>", "Password": PASSWORD}
    for label, value in fields.items():
        dialog.get_by_label(label).fill(value)
    dialog.get_by_role("button", name="Create").click()
    here.see_result(f"{email} is created.")
    here.page.get_by_label("Search by email").fill(email)
    expect(here.row(email)).to_contain_text("Vera <u>Silva</u>")
    here.check_accessibility("accounts")
    here.page.get_by_label(f"Role of {email}").select_option("ROLE_ADMIN")
    dialog = here.dialog(f"Change the role of {email}?")
    here.check_accessibility("role of an account")
    dialog.get_by_label("Reason").fill("leads the team")
    dialog.get_by_role("button", name="Change role").click()
    here.see_result(f"{email} is now admin.")

    # And ban it, with a reason
    here.row(email).get_by_role("button", name=email, exact=True).click()
    here.check_accessibility("details of an account")
    here.dialog(email).get_by_role("button", name="Ban").click()
    dialog = here.dialog(f"Ban {email}?")
    here.check_accessibility("ban")
    dialog.get_by_label("Reason").fill("spam")
    dialog.get_by_role("button", name="Ban").click()
    here.see_result(f"{email} is banned.")
    expect(here.row(email)).to_contain_text("banned")

    # Then the history tells it, newest first
    here.page.get_by_role("button", name=f"History of {email}").click()
    timeline = here.dialog(f"History of {email}").get_by_role("listitem")
    expect(timeline).to_have_count(3)
    expect(timeline.nth(1)).to_contain_text("leads the team")
    here.check_accessibility("history")


def _tab_to(here: Visit, element: Locator) -> None:
    """Presses Tab until the element has the focus. Raises `AssertionError` if Tab does not lead there."""
    for _ in range(30):
        here.page.keyboard.press("Tab")
        if element.evaluate("element => element === document.activeElement"):
            return
    expect(element).to_be_focused()


def test_an_admin_works_with_the_keyboard_alone(register: Register, visit: Open) -> None:
    tenant = register("Console of a keyboard")
    user = tenant.add("user")
    here = visit()
    keys = here.page.keyboard

    def press(*names: str) -> None:
        for name in names:
            keys.press(name)

    # Signing in: Tab leads to the field of the token, Enter sends it
    here.see_heading("Sign in")
    _tab_to(here, here.page.get_by_label("API token or master token"))
    keys.type(tenant.admin.token)
    press("Enter")
    here.see_heading("Users")
    expect(here.page.get_by_role("heading", level=1)).to_be_focused()

    # The list of shortcuts opens with ?, and Escape closes it
    press("?")
    here.dialog("Keyboard shortcuts")
    here.check_accessibility("shortcuts")
    press("Escape")
    expect(here.page.get_by_role("dialog")).to_have_count(0)

    # g a goes to the audit, g u back, / to the search
    press("g", "a")
    here.see_heading("Audit")
    press("g", "u")
    here.see_heading("Users")
    expect(here.page.get_by_role("heading", level=1)).to_be_focused()
    press("/")
    expect(here.page.get_by_label("Search by email")).to_be_focused()
    keys.type(user.email)
    expect(here.page.get_by_role("rowheader")).to_have_count(1)

    # Tab leads to the role, a letter chooses, and the result can be undone
    _tab_to(here, here.page.get_by_label(f"Role of {user.email}"))
    press("m")
    here.see_result(re.compile("is now manager"))
    assert _role(tenant, user.id) == "manager"

    # The palette finds the person and opens it; the focus comes back when it is closed
    press("Control+k")
    here.dialog("Search and commands")
    keys.type(user.email[:8])
    expect(here.page.get_by_role("option", name=user.email)).to_be_visible()
    here.check_accessibility("palette")
    press("Enter")
    here.dialog(user.email)
    here.check_accessibility("a person")
    press("Escape")
    expect(here.page.get_by_role("dialog")).to_have_count(0)
    assert here.page.evaluate("() => document.activeElement !== document.body")

    # And the palette signs out
    press("Control+k")
    keys.type("sign out")
    press("Enter")
    here.see_heading("Sign in")


def test_the_console_works_under_the_path_of_the_stage(stack: Stack, register: Register, browser: Browser) -> None:
    tenant = register("Console under a stage")
    under_the_stage = f"{stack.endpoint_url}/restapis/{stack.outputs['ApiId']}/live/_user_request_"
    here = Visit.begin(browser, under_the_stage)
    here.sign_in_with_token(tenant.admin.token)
    here.see_heading("Users")
    expect(here.row(tenant.admin.email)).to_be_visible()
    here.end()
