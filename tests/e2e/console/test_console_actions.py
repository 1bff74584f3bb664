"""The console's palette, changes that meet another change, and what can be taken back."""

import re
from itertools import count

from playwright.sync_api import Locator, expect

from local.deployment.stack import Stack
from local.http import call
from tests.e2e.browsers import in_a_browser
from tests.e2e.conftest import PASSWORD
from tests.e2e.console.visit import Open, Register, Visit
from tests.superadmins import create_superadmin

pytestmark = in_a_browser

_numbers = count(1)


def _type_into_palette(here: Visit, text: str) -> Locator:
    """Opens the palette, types the text, and returns the options."""
    here.page.keyboard.press("Control+k")
    here.dialog("Search and commands").get_by_role("combobox").fill(text)
    return here.page.get_by_role("listbox", name="Results").get_by_role("option")


def test_an_admin_does_everything_with_a_person_from_the_palette(register: Register, visit: Open) -> None:
    tenant = register("Console of a palette")
    user, other = tenant.add("user"), tenant.add("manager")
    here = visit()
    here.sign_in("Tenant user", tenant.admin.email, PASSWORD)
    here.see_heading("Users")

    # The whole email offers the person first, and then each action
    options = _type_into_palette(here, user.email)
    expect(options).to_have_count(6)
    for number, action in enumerate(["", "Change the role of ", "Make a new API token for ", "Set the password of "]):
        expect(options.nth(number)).to_contain_text(f"{action}{user.email}")
    here.check_accessibility("palette with actions of a person")
    here.page.keyboard.press("ArrowDown")
    here.page.keyboard.press("Enter")
    dialog = here.dialog(user.email)
    expect(dialog.get_by_label("New role")).to_be_focused()
    here.page.keyboard.press("Escape")

    # Words before the email choose the action, which asks first
    options = _type_into_palette(here, f"deactivate {other.email}")
    expect(options).to_have_text([re.compile(f"Deactivate {other.email}")])
    here.page.keyboard.press("Enter")
    dialog = here.dialog(f"Deactivate {other.email}?")
    dialog.get_by_role("button", name="Deactivate").click()
    here.see_result(f"{other.email} is now inactive.")
    expect(dialog).to_have_count(0)

    # The palette takes the action back
    here.page.keyboard.press("Escape")
    _type_into_palette(here, "undo")
    here.page.keyboard.press("Enter")
    here.see_result(f"{other.email} is now active.")

    # And it does what the screens do: the export of the audit, the change of the own password
    def export() -> None:
        _type_into_palette(here, "export")
        here.page.keyboard.press("Enter")

    assert "update_user" in here.text_saved_by(export)
    here.see_heading("Audit")
    _type_into_palette(here, "own password")
    expect(here.page.get_by_role("status").filter(has_text="Nothing found.")).to_be_visible()
    here.page.keyboard.press("Escape")
    _type_into_palette(here, "change your")
    here.page.keyboard.press("Enter")
    here.dialog("Change your password")


def test_a_superadmin_is_told_of_a_concurrent_change_and_undoes_a_ban(stack: Stack, visit: Open) -> None:
    number = next(_numbers)
    made = create_superadmin(stack, f"actions-{number}@example.com")
    here = visit()
    here.sign_in("Platform account", made["email"], made["password"])
    here.see_heading("Accounts")

    signed_in = call(
        "POST", f"{stack.api}/v1/api/auth/login", body={"email": made["email"], "password": made["password"]}
    ).json()
    accounts, token = f"{stack.api}/v1/api/superadmin/users", signed_in["accessToken"]
    email = f"mia-{number}@example.com"
    body = {"email": email, "password": PASSWORD, "firstName": "Mia", "lastName": "Costa"}
    account = call("POST", accounts, token, body).json()["id"]

    def colleague(action: str, body: dict[str, str]) -> None:
        assert call("PUT", f"{accounts}/{account}/{action}", token, body).status == 200

    # Given a dialog about an account, and a colleague who changes its role meanwhile
    options = _type_into_palette(here, f"ban {email}")
    expect(options).to_have_count(1)
    here.page.keyboard.press("Enter")
    dialog = here.dialog(f"Ban {email}?")
    dialog.get_by_label("Reason").fill("spam")
    colleague("role", {"newRole": "ROLE_VERIFIED_USER", "reason": "checked"})

    # Then both values are told, nothing is overwritten, and the person decides
    dialog.get_by_role("button", name="Ban", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("You saw client. Now it is verified user.")
    here.check_accessibility("an account that was changed meanwhile")
    assert call("GET", f"{accounts}/{account}", token).json()["banned"] is False
    dialog.get_by_role("button", name="Ban anyway").click()
    here.see_result(f"{email} is banned.")

    # And the ban can be taken back
    here.page.get_by_role("button", name="Undo").click()
    here.see_result(f"{email} is no longer banned.")
    expect(here.row(email)).to_contain_text("enabled")

    # A change of the role tells the same. After a change since, nothing is taken back.
    _type_into_palette(here, f"role {email}")
    expect(options).to_have_count(1)
    here.page.keyboard.press("Enter")
    dialog = here.dialog(f"Change the role of {email}?")
    dialog.get_by_label("New role").select_option("ROLE_ADMIN")
    colleague("disable", {"reason": "left"})
    dialog.get_by_role("button", name="Change role").click()
    expect(dialog.get_by_role("alert")).to_contain_text("You saw verified user. Now it is verified user, disabled.")
    dialog.get_by_role("button", name="Change to admin anyway").click()
    here.see_result(f"{email} is now admin.")
    colleague("role", {"newRole": "ROLE_CLIENT", "reason": "a mistake"})
    here.page.get_by_role("button", name="Undo").click()
    here.see_result(f"The change of {email} was not undone. Somebody has changed it since.")


def test_an_operator_finds_a_tenant_by_name_and_restores_it(stack: Stack, register: Register, visit: Open) -> None:
    tenant = register("Console that comes back")
    here = visit()
    here.sign_in_with_token(stack.master_token)
    here.see_heading("Tenants")

    # When an operator schedules a deletion from the palette
    options = _type_into_palette(here, tenant.name)
    expect(options.first).to_contain_text(tenant.name)
    expect(options.filter(has_text="Audit of")).to_have_count(1)
    options.filter(has_text=f"Delete {tenant.name}").click()
    dialog = here.dialog(f"Delete {tenant.name}?")
    dialog.get_by_label("In some days").check()
    dialog.get_by_label("Type the name to confirm").fill(tenant.name)
    dialog.get_by_role("button", name="Schedule the deletion").click()
    here.see_result(f"The deletion of {tenant.name} is scheduled.")

    # Then it is undone beside the result
    here.page.get_by_role("button", name="Undo").click()
    here.see_result(f"{tenant.name} is restored.")
    expect(here.row(tenant.name)).to_contain_text("active")

    # And the palette opens its details
    expect(_type_into_palette(here, tenant.name).first).to_contain_text(tenant.name)
    here.page.keyboard.press("Enter")
    expect(here.dialog(tenant.name)).to_contain_text("Protection against deletion")
