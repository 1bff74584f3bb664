"""The web console in a browser: what holds on every screen, such as sessions, the keyboard and foreign texts."""

import logging
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import median
from time import perf_counter, process_time
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Error, Locator, Route, expect

from local.deployment.stack import Stack
from tests.e2e.browsers import in_a_browser
from tests.e2e.conftest import PASSWORD, Member
from tests.e2e.console.hostile import make_answers_hostile, see_text_only
from tests.e2e.console.keyboard import Keyboard
from tests.e2e.console.visit import Open, Register, Visit
from tests.superadmins import create_superadmin

pytestmark = in_a_browser

NEW = "another horse entirely"
_numbers = count(1)


def test_a_session_that_ended_asks_again_and_nothing_typed_is_lost_by_keyboard_alone(
    register: Register, visit: Open
) -> None:
    # Given an admin who types a new user in, and a colleague who sets the admin's password meanwhile
    tenant = register("Console of a session")
    colleague = tenant.add("admin")
    here = visit()
    keys = Keyboard(here.page)
    group = here.page.get_by_role("group", name="Tenant user")
    keys.fill(group.get_by_label("Email"), tenant.admin.email)
    keys.fill(group.get_by_label("Password"), PASSWORD)
    keys.press("Enter")
    keys.activate(here.page.get_by_role("button", name="Create user"))
    dialog = here.dialog("Create a user")
    here.look_at("creation of a user")
    email = f"typed-{next(_numbers)}@example.com"
    keys.fill(dialog.get_by_label("Email"), email)
    keys.fill(dialog.get_by_label("Password"), PASSWORD)
    path = f"/users/{tenant.admin.id}/password"
    assert tenant.request(colleague, "PUT", path, {"new_password": NEW}).status == 200

    # When the admin goes on, then the page asks for the credential over what was typed
    keys.activate(dialog.get_by_role("button", name="Create user"))
    ended = here.dialog("Your session has ended")
    expect(ended.get_by_label("Password")).to_be_focused()
    here.look_at("session ended")
    keys.press("Escape")
    keys.fill(ended.get_by_label("Password"), PASSWORD)
    keys.activate(ended.get_by_role("button", name="Go on"))
    expect(ended.get_by_role("alert")).to_have_text("These credentials are not accepted.")
    keys.fill(ended.get_by_label("Password"), NEW)
    keys.press("Enter")

    # And then the user is created as it was typed, and the token is shown once
    expect(here.page.get_by_role("dialog").get_by_role("button", name="Copy")).to_be_focused()
    users = tenant.request(colleague, "GET", f"/users?email={email}").json()["users"]
    assert [user["email"] for user in users] == [email]
    here.look_at("token of a created user")


def test_a_session_is_renewed_silently_and_ends_at_the_api_too(register: Register, visit: Open) -> None:
    # Given a user with a password, whose access token expires
    tenant = register("Console of a long day")
    here = visit()
    here.sign_in("Tenant user", tenant.admin.email, PASSWORD)
    expect(here.row(tenant.admin.email)).to_be_visible()

    # When they go on, then the page renews it and asks nothing
    here.renews_silently("/login/refresh", lambda: here.page.get_by_label("State").select_option("true"))
    expect(here.row(tenant.admin.email)).to_be_visible()

    # And when they sign out, then the API ends the session
    with here.page.expect_response("**/logout") as answer:
        here.page.get_by_role("button", name="Sign out").click()
    assert answer.value.status == 200
    here.see_heading("Sign in")
    expect(here.page.get_by_role("heading", level=1)).to_be_focused()


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
    here.look_at("shortcuts")
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
    here.look_at("palette")
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
    exported = here.saved(lambda: keys.activate(here.page.get_by_role("button", name="Export as CSV")))
    assert "delete_user" in exported


def test_the_console_works_under_the_path_of_the_stage(stack: Stack, register: Register, browser: Browser) -> None:
    tenant = register("Console under a stage")
    under_the_stage = f"{stack.endpoint_url}/restapis/{stack.outputs['ApiId']}/live/_user_request_"
    here = Visit.begin(browser, under_the_stage)
    here.sign_in_with_token(tenant.admin.token)
    here.see_heading("Users")
    expect(here.row(tenant.admin.email)).to_be_visible()
    here.end()


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


def test_a_late_answer_never_replaces_a_newer_one(register: Register, visit: Open) -> None:
    # Given an API that answers the search for one user late
    tenant = register("Console of late answers")
    late, newer = tenant.add("user"), tenant.add("user")
    here = visit()
    here.sign_in_with_token(tenant.admin.token)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    here.page.route(re.compile(rf"/users\?.*email={quote(late.email)}"), hold)

    def search(field: Locator, wanted: Locator, unwanted: Locator) -> None:
        with here.page.expect_request(re.compile(rf"/users\?.*email={quote(late.email)}")):
            field.fill(late.email)
        field.fill(newer.email)
        expect(wanted).to_be_visible()
        expect(unwanted).to_have_count(0)
        # An answer that nobody waits for any more can't be sent.
        with suppress(Error):
            held.pop().continue_()
        here.page.evaluate("() => fetch('console').then((response) => response.text())")
        expect(wanted).to_be_visible()
        expect(unwanted).to_have_count(0)

    # When somebody searches for it, and then for another one, then the list and the palette keep to the other one
    search(here.page.get_by_label("Search by email"), here.row(newer.email), here.row(late.email))
    here.page.keyboard.press("Control+k")
    palette = here.dialog("Search and commands")
    search(
        palette.get_by_role("combobox"),
        palette.get_by_role("option", name=f"{newer.email} User"),
        palette.get_by_role("option", name=late.email),
    )


def test_a_visit_notices_what_the_policy_forbids(stack: Stack, browser: Browser) -> None:
    here = Visit.begin(browser, stack.api)
    here.see_heading("Sign in")

    here.page.evaluate(
        """() => {
          document.body.append(Object.assign(new Image(), { src: "https://elsewhere.example.com/x.png" }));
          document.body.setAttribute("style", "color: red");
          try { document.body.lastChild.innerHTML = "<p>markup</p>"; } catch { /* the policy forbids it */ }
        }"""
    )

    expected = {"img-src", "style-src-attr", "require-trusted-types-for"}
    here.page.wait_for_function("count => window.violations?.length >= count", arg=len(expected))
    told = {match[1] for one in here.complaints if (match := re.match(r"The policy forbids ([\w-]+)", one))}
    assert expected <= told
    with pytest.raises(AssertionError):
        here.end()


#: The seconds that people wait for a screen at most, on a quiet machine.
_MOST_SECONDS = 1.0


def test_the_first_screen_is_usable_within_a_second_and_ten_screens_later_no_slower(
    register: Register, visit: Open
) -> None:
    # Given functions that are warm
    tenant = register("Console in a hurry")
    here = visit()
    here.sign_in_with_token(tenant.admin.token)
    _switch(here, "Audit", "list")
    _switch(here, "Users", "rowheader")

    # When somebody opens the page, signs in and goes from screen to screen
    visits = [visit() for _ in range(3)]
    opened = [_open(here) for here in visits]
    signed_in = [_sign_in(here, tenant.admin) for here in visits]
    busyness = [_busyness()]
    screens = (("Audit", "list"), ("Users", "rowheader"), ("Webhooks", "table"), ("Users", "rowheader")) * 4
    switched = [_switch(here, name, role) for name, role in screens]
    busyness.append(_busyness())

    # Then each takes less than a second, and the last screens take no longer than the first ones
    slack = max(busyness)
    figures = {
        "opened": median(opened),
        "signed in": median(signed_in),
        "first screens": median(switched[:4]),
        "screens after ten": median(switched[12:]),
        "busyness": slack,
    }
    # Shown with `pytest -o log_cli=true --log-level=INFO`.
    logging.getLogger(__name__).info("seconds: %s", figures)
    assert figures["opened"] < _MOST_SECONDS * slack, figures
    assert figures["signed in"] < _MOST_SECONDS * slack, figures
    assert figures["screens after ten"] < max(figures["first screens"] * 1.5, 0.1) * slack, figures


def _open(here: Visit) -> float:
    """Opens the page anew. Returns the seconds until somebody can type."""
    page = here.page
    return _seconds(lambda: page.goto(page.url, wait_until="commit"), page.get_by_label("API token or master token"))


def _sign_in(here: Visit, member: Member) -> float:
    """Signs in. Returns the seconds until the list of users is there."""
    here.page.get_by_label("API token or master token").fill(member.token)
    return _seconds(lambda: here.page.keyboard.press("Enter"), here.row(member.email))


def _switch(here: Visit, screen: str, role: str) -> float:
    """Goes to a screen. Returns the seconds until its content is there."""
    # The content of each screen is asked of the API: what was read before is not fresh any more.
    here.page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=next(_numbers)))
    content = here.page.get_by_role("heading", level=1, name=screen).locator("xpath=ancestor::main")
    return _seconds(
        lambda: here.page.get_by_role("navigation", name="Screens").get_by_role("link", name=screen).click(),
        content.get_by_role(role).first,  # type: ignore[arg-type]
    )


def _seconds(act: Callable[[], object], result: Locator) -> float:
    """Returns the seconds from the act to the moment in which the result is visible."""
    start = perf_counter()
    act()
    result.wait_for()
    return perf_counter() - start


def _busyness() -> float:
    """Returns how many times longer work takes here than it would alone: its time by the clock over that of the CPU."""
    start, start_of_work = perf_counter(), process_time()
    while process_time() - start_of_work < 0.1:
        pass
    return max(1.0, (perf_counter() - start) / 0.1)
