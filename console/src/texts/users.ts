// Texts of the users of a tenant.

import type { Role } from "../../../clients/typescript/rolecall";
import { formatMoment } from "../parts/moments";

interface Held {
  role: Role;
  role_until?: string;
  active: boolean;
}

const untilText = (at: string | undefined) => (at ? ` until ${formatMoment(at)}` : "");

export const title = "Users";
export const search = "Search by email";
export const role = "Role";
export const state = "State";
export const anyRole = "Any role";
export const anyState = "Any state";
export const active = "active";
export const inactive = "inactive";
export const changed = "Changed";
export const email = "Email";
export const you = "you";
export const roleOf = (email: string) => `Role of ${email}`;
export const until = (at: string, lasting: string) => `until ${formatMoment(at)}, then ${lasting}`;
export const empty = "No user matches these filters. Remove a filter to see more.";
export const standing = (held: Held) => `${held.role}${untilText(held.role_until)}${held.active ? "" : ", inactive"}`;

export const termsSummary = "End and reason of changes in this list";
export const termsNone = "none";
export const termsActive = (end: string, reason: string) => [end, reason && `“${reason}”`].filter(Boolean).join(", ");
export const termsEnd = "End";
export const termsEnds = {
  "": "No end",
  hour: "In an hour",
  today: "At the end of today",
  week: "In a week",
  date: "On a date",
};
export const termsDate = "Date and time";
export const termsReason = "Reason";

export const roleChanged = (email: string, old: Role, step: { new_role: Role; until?: string }) =>
  old === step.new_role
    ? `${email} stays ${step.new_role}${untilText(step.until)}.`
    : `${email} is now ${step.new_role}${untilText(step.until)}, was ${old}.`;
export const roleIsBack = (email: string, standing: string) => `Undone: ${email} is ${standing} again.`;
export const activeChanged = (email: string, active: boolean) => `${email} is now ${active ? "active" : "inactive"}.`;
export const deleted = (email: string) => `${email} is deleted.`;
export const created = (email: string) => `${email} is created.`;
export const passwordSet = (email: string) => `The password of ${email} is set. Their sessions have ended.`;
export const anyway = (role: string) => `Change to ${role} anyway`;

export const personOpenButton = "Open";
export const personId = "Id of the person";
export const personIntro = "A manager does not list the users of the tenant. Open a person by their id.";
export const personCreated = "Created";
export const personChangeRole = "Change role";
export const personChangeButton = "Change role";
export const personNewRole = "New role";
export const personActions = "Other changes";
export const personCannotChange = "You cannot change this role.";
export const personDeactivate = "Deactivate";
export const personActivate = "Activate";
export const personRotate = "New API token";
export const personSetPassword = "Set password";
export const personDelete = "Delete";

export const deactivation = {
  title: (email: string) => `Deactivate ${email}?`,
  text: "Their token and sessions stop at once. You can activate the user again.",
  submit: "Deactivate",
};

export const activation = {
  title: (email: string) => `Activate ${email}?`,
  text: "Their API token works again. They sign in anew for a session.",
  submit: "Activate",
};

export const deletion = {
  title: (email: string) => `Delete ${email}?`,
  text: "The user, their devices, sessions and token are removed for good. This cannot be undone.",
  submit: "Delete for good",
};

export const rotation = {
  title: (email: string) => `A new API token for ${email}?`,
  text: "The present token stops at once.",
  submit: "Make a new token",
  token: "New API token",
  doneTitle: (email: string) => `New API token of ${email}`,
};

export const password = {
  title: (email: string) => `Set the password of ${email}`,
  text: "All their sessions end. Tell them the password in a safe way.",
  submit: "Set password",
};

export const creationOpen = "Create user";
export const creationTitle = "Create a user";
export const creationSubmit = "Create user";
export const creationDoneTitle = (email: string) => `${email} is created`;

export const selectionAll = "Select all on this page";
export const selectionOne = (email: string) => `Select ${email}`;
export const selectionCount = (count: number) => (count === 1 ? "1 user selected" : `${count} users selected`);
export const selectionAllThatMatch = "Select all that match";
export const selectionReading = (count: number) => `Reading what matches: ${count} so far`;
export const selectionStop = "Stop";
export const selectionClear = "Clear selection";
export const selectionChange = "Change their roles";
export const selectionMany = "Change many";
