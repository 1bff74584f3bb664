// Texts of the accounts of the platform.

import { formatMoment } from "../parts/moments";

export const title = "Accounts";
export const create = "Create account";
export const search = "Search by email";
export const role = "Role";
export const anyRole = "Any role";
export const enabled = "Enabled";
export const banned = "Banned";
export const any = "Any";
export const yes = "yes";
export const no = "no";
export const email = "Email";
export const name = "Name";
export const state = "State";
export const lastLogin = "Last login";
export const actions = "Actions";
export const none = "No account fits these filters.";
export const you = "you";
export const statesEnabled = "enabled";
export const statesDisabled = "disabled";
export const statesBanned = "banned";
export const roleOf = (email: string) => `Role of ${email}`;
export const open = (email: string) => `Details of ${email}`;
export const history = "History";
export const historyOf = (email: string) => `History of ${email}`;
export const until = (at: string, lasting: string) => `until ${formatMoment(at)}, then ${lasting}`;

export const roleChangeTitle = (email: string) => `Change the role of ${email}?`;
export const roleChangeIntro = (before: string, after: string) => `From ${before} to ${after}.`;
export const roleChangeNew = "New role";
export const roleChangeSubmit = "Change role";
export const roleChangeDone = (email: string, role: string) => `${email} is now ${role}.`;
export const roleChangeUndone = (email: string, role: string) => `Undone: ${email} is ${role} again.`;
export const roleChangeAnyway = (role: string) => `Change to ${role} anyway`;
export const anyway = (action: string) => `${action} anyway`;

export const factsId = "Id";
export const factsKyc = "Identity check";
export const factsCreated = "Created";
export const factsBanReason = "Reason of the ban";
export const factsBannedAt = "Banned";

export const stateActions = {
  ban: {
    open: "Ban",
    title: (email: string) => `Ban ${email}?`,
    intro: "Every session of the account ends for good. It can't sign in until it is unbanned.",
    done: (email: string) => `${email} is banned.`,
  },
  unban: {
    open: "Unban",
    title: (email: string) => `Unban ${email}?`,
    intro: "The account can sign in again. Its former sessions stay ended.",
    done: (email: string) => `${email} is no longer banned.`,
  },
  enable: {
    open: "Enable",
    title: (email: string) => `Enable ${email}?`,
    intro: "The account can sign in again. Its former sessions stay ended.",
    done: (email: string) => `${email} is enabled.`,
  },
  disable: {
    open: "Disable",
    title: (email: string) => `Disable ${email}?`,
    intro: "Every session of the account ends for good. It can't sign in until it is enabled.",
    done: (email: string) => `${email} is disabled.`,
  },
};

export const password = {
  open: "Reset password",
  title: (email: string) => `Reset the password of ${email}?`,
  intro: "The account gets a temporary password and every session of it ends. It must choose a password of its own first.",
  secret: "Temporary password",
};

export const timelineNone = "Nothing has been done to this account yet.";
export const timelineBy = "by";
export const timelineRefused = "refused";
export const timelineOlder = "Show older";

export const creationTitle = "Create an account";
export const creationEmail = "Email";
export const creationPassword = "Password";
export const creationPasswordHint = "8 to 128 characters.";
export const creationFirstName = "First name";
export const creationLastName = "Last name";
export const creationSubmit = "Create";
export const creationDone = (email: string) => `${email} is created.`;
