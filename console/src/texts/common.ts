// Texts that more than one screen shows. Each screen has its own texts beside this file.

export const product = "Rolecall";

export const standing = {
  admin: "Admin of a tenant",
  member: "Member of a tenant",
  superadmin: "Superadmin",
  account: "Platform account",
  master: "Operator",
};

export const screens = { users: "Users", accounts: "Accounts", tenants: "Tenants", audit: "Audit", webhooks: "Webhooks" };

export const roles = {
  admin: "admin",
  manager: "manager",
  user: "user",
  ROLE_CLIENT: "client",
  ROLE_VERIFIED_USER: "verified user",
  ROLE_ADMIN: "admin",
  ROLE_SUPERADMIN: "superadmin",
} as Record<string, string>;

export const shellSkip = "Skip to the content";
export const shellScreens = "Screens";
export const shellChangePassword = "Change password";
export const shellSignOut = "Sign out";
export const shellTheme = "Theme";
export const shellThemes = { system: "System colours", light: "Light", dark: "Dark" };
export const shellNothing = "Your account is signed in, but it administers nothing here. A superadmin can change that.";

export const errorsUnreachable = "The API did not answer. Check the connection and try again.";
export const errorsUnexpected = "Something went wrong in this page. Reload it and try again.";
export const errorsStatus = (status: number) => `The API answered with status ${status}`;
export const errorsTryAgainIn = (seconds: number) => `Try again in ${seconds === 1 ? "a second" : `${seconds} seconds`}.`;
export const errorsSomebodyElse = "This token belongs to somebody else. Sign out first to use it.";
export const errorsRetry = "Try again";

export const dialogCancel = "Cancel";
export const dialogClose = "Close";
export const dialogDone = "Done";
export const noticeUndo = "Undo";
export const noticeDismiss = "Dismiss";

export const changedMeanwhile = (seen: string, now: string) =>
  `Somebody changed this meanwhile. You saw ${seen}. Now it is ${now}. Nothing was overwritten.`;
export const leave = "Leave it";
export const notUndone = (name: string, why: string) => `The change of ${name} was not undone. ${why}`;
export const changedSince = "Somebody has changed it since.";
export const undoReason = "undone in the console";

export const pagesPrevious = "Previous page";
export const pagesNext = "Next page";
/** Where in a list the page is, such as `51 to 100 of more than 100, page 2`. */
export const pagesPlace = ({ first, last, number, isEnd }: { first: number; last: number; number: number; isEnd: boolean }) =>
  [
    first === last ? first : `${first} to ${last}`,
    isEnd ? ` of ${last}` : ` of more than ${last}`,
    isEnd && number === 1 ? "" : `, page ${number}`,
  ].join("");
export const pagesNone = "Nothing found";

export const loading = "Loading…";
export const copy = { copy: "Copy", copied: "Copied", failed: "Select the text and copy it" };
export const secret = "It is shown only now. Keep it in a safe place.";
export const optional = "optional";
export const never = "never";
