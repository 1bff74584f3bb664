// What can be done with the accounts of the platform.

import type { Account, AccountToCreate, PlatformRole } from "../../../clients/typescript/rolecall";
import { answerOf, api, dataOf } from "../api/client";
import { queryClient } from "../api/queries";
import { session } from "../api/session";
import { changeIfUnchanged, ifMatch, takeBack, type Version } from "../parts/changes";
import { announce } from "../parts/notice";
import * as common from "../texts/common";
import * as texts from "../texts/accounts";
import { type Terms, untilOf } from "../users/roles";
import { opened, type StateAction } from "./opened";

/** All roles of the platform, the lowest first. */
export const ROLES: readonly PlatformRole[] = ["ROLE_CLIENT", "ROLE_VERIFIED_USER", "ROLE_ADMIN", "ROLE_SUPERADMIN"];

/** Returns the role in force. */
export function roleOf(account: Account): PlatformRole {
  return account.roles[0] ?? "ROLE_CLIENT";
}

/** Returns the name of a role in words. */
export function roleText(role: PlatformRole): string {
  return common.roles[role] ?? role;
}

/** Returns the role and the state of an account in words. */
export function standingText(account: Account): string {
  const states = [account.banned && texts.statesBanned, !account.enabled && texts.statesDisabled];
  return [roleText(roleOf(account)), ...states].filter(Boolean).join(", ");
}

/** Returns what can be done to the state of an account. */
export function stateActionsOf({ banned, enabled }: Account): StateAction[] {
  return [banned ? "unban" : "ban", enabled ? "disable" : "enable"];
}

/** Whether it is the account of the person who is signed in. The API refuses changes of one's own account. */
export function isOwn({ email }: Account): boolean {
  return session.value?.email?.toLowerCase() === email.toLowerCase();
}

/**
 * Changes the role of an account, says so, and offers to undo it. Throws `ChangedMeanwhile` if the account is no longer
 * as `seen`, and `ApiError` if the API refuses.
 */
export async function changeRole(seen: Account, role: PlatformRole, terms: Terms): Promise<void> {
  const until = untilOf(terms, new Date());
  const [before, version] = await changeIfUnchanged(unchangedCheck(seen), async ({ data, etag }) => [
    data,
    await putRole(seen.id, etag, role, terms.reason.trim(), until),
  ]);
  // The dialog closes as soon as the result is announced, so the list is read before that.
  await reload();
  announce(texts.roleChangeDone(seen.email, roleText(role)), () =>
    takeBackAndReload(seen, async () => {
      const next = await putRole(seen.id, version, before.lastingRole ?? roleOf(before), common.undoReason, undefined);
      if (before.lastingRole && before.roleUntil) {
        await putRole(seen.id, next, roleOf(before), common.undoReason, before.roleUntil);
      }
      return texts.roleChangeUndone(seen.email, roleText(roleOf(before)));
    }),
  );
}

/** Changes the role of the account in this version, and returns the next version. */
async function putRole(
  id: number,
  etag: string | null,
  newRole: PlatformRole,
  reason: string,
  until: string | undefined,
): Promise<string | null> {
  const answer = await answerOf(
    api.PUT("/v1/api/superadmin/users/{id}/role", {
      params: { path: { id }, header: ifMatch(etag) },
      body: { newRole, ...(until && { until }), ...(reason && { reason }) },
    }),
  );
  return answer.etag;
}

const OPPOSITES = { ban: "unban", unban: "ban", enable: "disable", disable: "enable" } as const;

/** Bans, unbans, enables or disables an account, says so, and offers to undo it. Throws like `changeRole`. */
export async function changeState(seen: Account, action: StateAction, reason: string): Promise<void> {
  const [before, version] = await changeIfUnchanged(unchangedCheck(seen), async ({ data, etag }) => [
    data,
    await putState(seen.id, etag, action, reason),
  ]);
  await reload();
  announce(texts.stateActions[action].done(seen.email), () =>
    takeBackAndReload(seen, async () => {
      const opposite = OPPOSITES[action];
      // Who is banned again is banned for the same reason as before.
      const why = (action === "unban" && before.banReason) || common.undoReason;
      await putState(seen.id, version, opposite, why);
      return texts.stateActions[opposite].done(seen.email);
    }),
  );
}

/** Bans, unbans, enables or disables the account in this version, and returns the next version. */
async function putState(id: number, etag: string | null, action: StateAction, reason: string): Promise<string | null> {
  const answer = await answerOf(
    api.PUT(`/v1/api/superadmin/users/{id}/${action}`, {
      params: { path: { id }, header: ifMatch(etag) },
      body: { reason },
    }),
  );
  return answer.etag;
}

async function takeBackAndReload(seen: Account, back: () => Promise<string>): Promise<void> {
  await takeBack(seen.email, back);
  await reload();
}

/** Returns a temporary password for the account, whose sessions end. */
export async function resetPassword(account: Account): Promise<string> {
  const { temporaryPassword } = await dataOf(
    api.POST("/v1/api/superadmin/users/{id}/password", { params: { path: { id: account.id } } }),
  );
  return temporaryPassword;
}

/** Creates an account and says so. The same `key` never creates a second one. */
export async function createAccount(account: AccountToCreate, key: string): Promise<void> {
  const created = await dataOf(
    api.POST("/v1/api/superadmin/users", { params: { header: { "Idempotency-Key": key } }, body: account }),
  );
  announce(texts.creationDone(created.email));
  await reload();
}

function unchangedCheck(seen: Account) {
  return {
    seen,
    read: () => readAccount(seen.id),
    isSame: (one: Account, other: Account) =>
      standingText(one) === standingText(other) && one.roleUntil === other.roleUntil,
    inWords: standingText,
    onNewer: ({ data }: Version<Account>) => {
      // The dialog now shows the current account.
      if (opened.value) {
        opened.value = { ...opened.value, account: data };
      }
      void reload();
    },
  };
}

/** Reads an account with its version. Throws `ApiError`. */
export function readAccount(id: number) {
  return answerOf(api.GET("/v1/api/superadmin/users/{id}", { params: { path: { id } } }));
}

function reload(): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: ["accounts"] });
}
