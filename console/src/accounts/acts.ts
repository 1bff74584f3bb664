// What can be done with the accounts of the platform.

import type { Account, AccountToCreate, PlatformRole } from "../../../clients/typescript/rolecall";
import { answerOf, api, dataOf } from "../api/client";
import { ApiError, describeError } from "../api/errors";
import { queryClient } from "../api/queries";
import { announce } from "../parts/notice";
import * as common from "../texts/common";
import * as texts from "../texts/accounts";
import { type Terms, untilOf } from "../users/roles";

/** All roles of the platform, the lowest first. */
export const ROLES: readonly PlatformRole[] = ["ROLE_CLIENT", "ROLE_VERIFIED_USER", "ROLE_ADMIN", "ROLE_SUPERADMIN"];

export type StateAct = "ban" | "unban" | "enable" | "disable";

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

/**
 * Changes the role of an account, says so, and offers to undo it. Throws `ApiError` if the API refuses, or if the
 * account is no longer as `seen`.
 */
export async function changeRole(seen: Account, role: PlatformRole, terms: Terms): Promise<void> {
  const until = untilOf(terms, new Date());
  const version = await onSeenVersion(seen, (etag) => putRole(seen.id, etag, role, terms.reason.trim(), until));
  announce(texts.roleChangeDone(seen.email, roleText(role)), () => undoRoleChange(seen, version));
  await reload();
}

async function undoRoleChange(before: Account, version: string | null): Promise<void> {
  const role = before.lastingRole ?? roleOf(before);
  try {
    const next = await putRole(before.id, version, role, texts.roleChangeUndoReason, undefined);
    if (before.lastingRole && before.roleUntil) {
      await putRole(before.id, next, roleOf(before), texts.roleChangeUndoReason, before.roleUntil);
    }
    announce(texts.roleChangeUndone(before.email, roleText(roleOf(before))));
  } catch (error) {
    announce(texts.roleChangeNotUndone(before.email, describeError(error)));
  }
  await reload();
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

/** Bans, unbans, enables or disables an account, and says so. Throws like `changeRole`. */
export async function changeState(seen: Account, act: StateAct, reason: string): Promise<void> {
  await onSeenVersion(seen, (etag) =>
    answerOf(
      api.PUT(`/v1/api/superadmin/users/{id}/${act}`, {
        params: { path: { id: seen.id }, header: ifMatch(etag) },
        body: { reason },
      }),
    ),
  );
  announce(texts.stateActs[act].done(seen.email));
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

/** Reads the account again and runs the change on its version. Throws `ApiError` if it is not as seen. */
async function onSeenVersion<Result>(seen: Account, change: (etag: string | null) => Promise<Result>): Promise<Result> {
  const before = await readAccount(seen.id);
  assertSame(seen, before.data);
  try {
    return await change(before.etag);
  } catch (error) {
    if (error instanceof ApiError && error.status === 412) {
      assertSame(seen, (await readAccount(seen.id)).data, true);
    }
    throw error;
  }
}

/** Throws `ApiError` if the account is not as seen, or `always`, which means that the API has said so. */
function assertSame(seen: Account, now: Account, always = false): void {
  if (always || standingText(seen) !== standingText(now) || seen.roleUntil !== now.roleUntil) {
    void reload();
    throw new ApiError(412, "CHANGED_MEANWHILE", texts.changedMeanwhile(standingText(seen), standingText(now)));
  }
}

/** Reads an account with its version. Throws `ApiError`. */
export function readAccount(id: number) {
  return answerOf(api.GET("/v1/api/superadmin/users/{id}", { params: { path: { id } } }));
}

function ifMatch(etag: string | null): { "If-Match"?: string } {
  return etag === null ? {} : { "If-Match": etag };
}

function reload(): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: ["accounts"] });
}
