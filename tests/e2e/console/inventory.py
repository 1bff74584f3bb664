"""Every screen and every dialog of the console, by the names under which the stories look at them.

A unit test compares this list with the console's source, and with what the stories look at.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A screen or a dialog. `component` is the folder and the function of `console/src` that shows it."""

    component: str
    #: A regular expression of the whole heading of the screen or of the title of the dialog.
    title: str


_EMAIL = r"\S+@\S+"

SCREENS = {
    "sign-in": Part("sign-in/SignIn", "Sign in"),
    "forced change of the password": Part("sign-in/ForcedPasswordChange", "Choose a new password"),
    "nothing to administer": Part("shell/Nothing", "Rolecall"),
    "users": Part("users/UsersPage", "Users"),
    "one person": Part("users/UsersPage", "Users"),
    "many roles": Part("many/ManyPage", "Users"),
    "dry run": Part("many/ManyPage", "Users"),
    "results": Part("many/ManyPage", "Users"),
    "accounts": Part("accounts/AccountsPage", "Accounts"),
    "tenants": Part("tenants/TenantsPage", "Tenants"),
    "audit": Part("audit/AuditPage", "Audit"),
    "webhooks": Part("webhooks/WebhooksPage", "Webhooks"),
}

DIALOGS = {
    "session ended": Part("sign-in/EndedDialog", "Your session has ended"),
    "own password": Part("sign-in/PasswordDialog", "Change your password"),
    "palette": Part("palette/Palette", "Search and commands"),
    "shortcuts": Part("palette/ShortcutsDialog", "Keyboard shortcuts"),
    "creation of a user": Part("users/CreateDialog", "Create a user"),
    "token of a created user": Part("users/CreateDialog", rf"{_EMAIL} is created"),
    "a person": Part("users/PersonDialog", _EMAIL),
    "deactivation": Part("users/ActiveDialog", rf"Deactivate {_EMAIL}\?"),
    "activation": Part("users/ActiveDialog", rf"Activate {_EMAIL}\?"),
    "deletion of a user": Part("users/DeleteDialog", rf"Delete {_EMAIL}\?"),
    "rotation": Part("users/RotateDialog", rf"A new API token for {_EMAIL}\?"),
    "rotated token": Part("users/RotateDialog", rf"New API token of {_EMAIL}"),
    "password of a user": Part("users/SetPasswordDialog", rf"Set the password of {_EMAIL}"),
    "details of an entry": Part("audit/DetailsDialog", rf"{_EMAIL} changed the role of {_EMAIL}"),
    "creation of a webhook": Part("webhooks/CreateDialog", "Add a webhook"),
    "secret of a created webhook": Part("webhooks/CreateDialog", r"https?://\S+ is added\."),
    "new secret of a webhook": Part("webhooks/RotateDialog", r"Make a new secret\?"),
    "rotated secret of a webhook": Part("webhooks/RotateDialog", r"https?://\S+ has a new secret\."),
    "deletion of a webhook": Part("webhooks/DeleteDialog", r"Delete this webhook\?"),
    "creation of an account": Part("accounts/CreationDialog", "Create an account"),
    "details of an account": Part("accounts/AccountDialog", _EMAIL),
    "role of an account": Part("accounts/RoleDialog", rf"Change the role of {_EMAIL}\?"),
    "ban": Part("accounts/StateDialog", rf"Ban {_EMAIL}\?"),
    "unban": Part("accounts/StateDialog", rf"Unban {_EMAIL}\?"),
    "disabling": Part("accounts/StateDialog", rf"Disable {_EMAIL}\?"),
    "enabling": Part("accounts/StateDialog", rf"Enable {_EMAIL}\?"),
    "password reset": Part("accounts/PasswordResetDialog", rf"Reset the password of {_EMAIL}\?"),
    "temporary password": Part("accounts/PasswordResetDialog", _EMAIL),
    "history": Part("accounts/HistoryDialog", rf"History of {_EMAIL}"),
    "registration": Part("tenants/RegistrationForm", "Register a tenant"),
    "token of a registration": Part("tenants/RegistrationDialog", r".+ is registered\."),
    "details of a tenant": Part("tenants/DetailsDialog", ".+"),
    "deletion of a tenant": Part("tenants/DeletionForm", r"Delete .+\?"),
    "progress of a deletion": Part("tenants/ProgressDialog", "Deletion of .+"),
    "receipt": Part("tenants/ProgressDialog", "Deletion of .+"),
}
