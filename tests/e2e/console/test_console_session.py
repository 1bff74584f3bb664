"""The session of the web console in a browser: it is renewed, it ends, and nothing typed is lost."""

from itertools import count

from playwright.sync_api import expect

from tests.e2e.browsers import in_a_browser
from tests.e2e.conftest import PASSWORD
from tests.e2e.console.keyboard import Keyboard
from tests.e2e.console.visit import Open, Register

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
    here.check_screen_or_dialog("creation of a user")
    email = f"typed-{next(_numbers)}@example.com"
    keys.fill(dialog.get_by_label("Email"), email)
    keys.fill(dialog.get_by_label("Password"), PASSWORD)
    path = f"/users/{tenant.admin.id}/password"
    assert tenant.request(colleague, "PUT", path, {"new_password": NEW}).status == 200

    # When the admin goes on, then the page asks for the credential over what was typed
    keys.activate(dialog.get_by_role("button", name="Create user"))
    ended = here.dialog("Your session has ended")
    expect(ended.get_by_label("Password")).to_be_focused()
    here.check_screen_or_dialog("session ended")
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
    here.check_screen_or_dialog("token of a created user")


def test_a_session_is_renewed_silently_and_ends_at_the_api_too(register: Register, visit: Open) -> None:
    # Given a user with a password, whose access token expires
    tenant = register("Console of a long day")
    here = visit()
    here.sign_in("Tenant user", tenant.admin.email, PASSWORD)
    expect(here.row(tenant.admin.email)).to_be_visible()

    # When they go on, then the page renews it and asks nothing
    here.expect_silent_renewal("/login/refresh", lambda: here.page.get_by_label("State").select_option("true"))
    expect(here.row(tenant.admin.email)).to_be_visible()

    # And when they sign out, then the API ends the session
    with here.page.expect_response("**/logout") as answer:
        here.page.get_by_role("button", name="Sign out").click()
    assert answer.value.status == 200
    here.see_heading("Sign in")
    expect(here.page.get_by_role("heading", level=1)).to_be_focused()
