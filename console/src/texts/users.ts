// Texts of the users of a tenant.

import type { Role } from "../../../clients/typescript/rolecall";
import { formatMoment } from "../parts/moments";

interface Held {
  role: Role;
  role_until?: string;
  active: boolean;
}

const until = (at: string | undefined) => (at ? ` until ${formatMoment(at)}` : "");

export const texts = {
  title: "Users",
  search: "Search by email",
  role: "Role",
  state: "State",
  anyRole: "Any role",
  anyState: "Any state",
  active: "active",
  inactive: "inactive",
  changed: "Changed",
  email: "Email",
  you: "you",
  roleOf: (email: string) => `Role of ${email}`,
  until: (at: string, lasting: string) => `until ${formatMoment(at)}, then ${lasting}`,
  empty: "No user matches these filters.",
  emptyHint: "Remove a filter to see more.",
  standing: (held: Held) => `${held.role}${until(held.role_until)}${held.active ? "" : ", inactive"}`,

  terms: {
    summary: "End and reason of changes in this list",
    none: "none",
    active: (end: string, reason: string) => [end, reason && `“${reason}”`].filter(Boolean).join(", "),
    end: "End",
    ends: {
      "": "No end",
      hour: "In an hour",
      today: "At the end of today",
      week: "In a week",
      date: "On a date",
    },
    date: "Date and time",
    reason: "Reason",
  },

  roleChanged: (email: string, old: Role, step: { new_role: Role; until?: string }) =>
    old === step.new_role
      ? `${email} stays ${step.new_role}${until(step.until)}.`
      : `${email} is now ${step.new_role}${until(step.until)}, was ${old}.`,
  roleIsBack: (email: string, standing: string) => `Undone: ${email} is ${standing} again.`,
  activeChanged: (email: string, active: boolean) => `${email} is now ${active ? "active" : "inactive"}.`,
  deleted: (email: string) => `${email} is deleted.`,
  created: (email: string) => `${email} is created.`,
  passwordSet: (email: string) => `The password of ${email} is set. Their sessions have ended.`,
  notUndone: (email: string, why: string) => `The change of ${email} was not undone. ${why}`,
  changedSince: "Somebody has changed this user since.",
  undoReason: "undone in the console",
  changedMeanwhile: (seen: string, now: string) =>
    `Somebody changed this meanwhile. You saw ${seen}. Now it is ${now}. Nothing was overwritten.`,
  anyway: (role: string) => `Change to ${role} anyway`,
  leave: "Leave it",

  person: {
    openButton: "Open",
    id: "Id of the person",
    intro: "A manager does not list the users of the tenant. Open a person by their id.",
    created: "Created",
    changeRole: "Change role",
    changeButton: "Change role",
    newRole: "New role",
    acts: "Other changes",
    cannotChange: "You cannot change this role.",
    deactivate: "Deactivate",
    activate: "Activate",
    rotate: "New API token",
    setPassword: "Set password",
    delete: "Delete",
  },
  deactivation: {
    title: (email: string) => `Deactivate ${email}?`,
    text: "Their token and sessions stop at once. You can activate the user again.",
    submit: "Deactivate",
  },
  activation: {
    title: (email: string) => `Activate ${email}?`,
    text: "Their API token works again. They sign in anew for a session.",
    submit: "Activate",
  },
  deletion: {
    title: (email: string) => `Delete ${email}?`,
    text: "The user, their devices, sessions and token are removed for good. This cannot be undone.",
    submit: "Delete for good",
  },
  rotation: {
    title: (email: string) => `A new API token for ${email}?`,
    text: "The present token stops at once.",
    submit: "Make a new token",
    token: "New API token",
    doneTitle: (email: string) => `New API token of ${email}`,
  },
  password: {
    title: (email: string) => `Set the password of ${email}`,
    text: "All their sessions end. Tell them the password in a safe way.",
    submit: "Set password",
  },
  creation: {
    open: "Create user",
    title: "Create a user",
    submit: "Create user",
    doneTitle: (email: string) => `${email} is created`,
    token: "API token",
  },
  selection: {
    all: "Select all on this page",
    one: (email: string) => `Select ${email}`,
    count: (count: number) => (count === 1 ? "1 user selected" : `${count} users selected`),
    allThatMatch: "Select all that match",
    reading: (count: number) => `Reading what matches: ${count} so far`,
    stop: "Stop",
    clear: "Clear selection",
    change: "Change their roles",
    many: "Change many",
  },
};
