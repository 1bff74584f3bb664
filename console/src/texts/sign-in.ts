// Texts of the sign-in page, of the dialog about an ended session and of the changes of one's password.

export const title = "Sign in";
export const intro = "Administer the users, accounts and tenants of this installation.";
export const withToken = "With a token";
export const token = "API token or master token";
export const tokenHint = "The page finds out what the token allows.";
export const tenantUser = "Tenant user";
export const tenantUserHint = "For a person who belongs to a tenant.";
export const account = "Platform account";
export const accountHint = "For the people who run the platform.";
export const email = "Email";
export const password = "Password";
export const show = "Show";
export const showTyped = "Show the typed text";
export const hide = "Hide";
export const hideTyped = "Hide the typed text";
export const submit = "Sign in";
export const busy = "Signing in…";
export const kept = "Nothing is stored: a reload of this page signs you out.";
export const refused = "These credentials are not accepted.";

export const endedTitle = "Your session has ended";
export const endedIntro = "Sign in again to continue. What you typed is still there.";
export const endedAs = (name: string) => `You were signed in as ${name}.`;
export const endedGoOn = "Go on";
export const endedSignOut = "Sign out instead";

export const forcedTitle = "Choose a new password";
export const forcedIntro = "You signed in with a temporary password. Choose your own password to continue.";
export const forcedSubmit = "Save and continue";

export const ownTitle = "Change your password";
export const ownIntro = "Your other sessions end. This one stays open.";
export const ownCurrent = "Current password";
export const ownSubmit = "Change password";
export const ownChanged = "Your password is changed.";

export const newPassword = "New password";
export const newPasswordHint = "8 to 128 characters.";
export const repeat = "Repeat the new password";
export const differs = "The two new passwords differ.";
