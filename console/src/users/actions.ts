// What can be done with the users of a tenant: requests, and what they change in the cache of the page.

import type { ListedUser, UserList, UserToCreate, UserWithChoices } from "../../../clients/typescript/rolecall";
import { answerOf, api, dataOf } from "../api/client";
import { queryClient } from "../api/queries";
import { replaceCredential, session } from "../api/session";
import { changeIfUnchanged, ifMatch, takeBack, type Version } from "../parts/changes";
import { announce } from "../parts/notice";
import * as common from "../texts/common";
import * as texts from "../texts/users";
import { isSameStanding, type Step, stepsBack } from "./roles";

export type Shown = UserWithChoices;

/** Reads a user with the roles that the person may give. Lists that are shown get what was read. */
export async function readUser(id: string, signal?: AbortSignal): Promise<Version<Shown>> {
  const { data, etag } = await answerOf(
    api.GET("/users/{id}", {
      params: { path: { id }, query: { include: "allowed_roles" } },
      ...(signal && { signal }),
    }),
  );
  showInLists(data.data);
  return { data: data.data, etag };
}

/**
 * Changes the role of a user, says so, and offers to undo it. Throws `ChangedMeanwhile` if the user is no longer as
 * `seen`, and `ApiError` if the API refuses.
 */
export async function changeRole(seen: Shown, step: Step, reason: string): Promise<void> {
  const [before, etag] = await changeIfUnchanged(unchangedCheck(seen), async ({ data, etag: version }) => [
    data,
    await promote(seen.id, version, step, reason),
  ]);
  announce(texts.roleChanged(seen.email, before.role, step), () =>
    takeBackAndShow(seen, async () => {
      let version = etag;
      for (const back of stepsBack(before, step, new Date())) {
        version = await promote(seen.id, version, back, common.undoReason);
      }
      return texts.roleIsBack(seen.email, texts.standing(before));
    }),
  );
  await showAgain(seen.id);
}

/** Deactivates or activates a user, says so, and offers to undo it. Throws like `changeRole`. */
export async function setActive(seen: Shown, active: boolean, reason: string): Promise<void> {
  const etag = await changeIfUnchanged(unchangedCheck(seen), (before) => update(seen.id, before.etag, active, reason));
  announce(texts.activeChanged(seen.email, active), () =>
    takeBackAndShow(seen, async () => {
      await update(seen.id, etag, !active, common.undoReason);
      return texts.activeChanged(seen.email, !active);
    }),
  );
  await showAgain(seen.id);
}

/** Deletes a user and says so. Throws like `changeRole`. */
export async function deleteUser(seen: Shown, reason: string): Promise<void> {
  await changeIfUnchanged(unchangedCheck(seen), ({ etag }) =>
    answerOf(
      api.DELETE("/users/{id}", {
        params: { path: { id: seen.id }, query: reason ? { reason } : {}, header: ifMatch(etag) },
      }),
    ),
  );
  announce(texts.deleted(seen.email));
  queryClient.removeQueries({ queryKey: ["user", seen.id] });
  changeLists((users) => users.filter((one) => one.id !== seen.id));
  await queryClient.invalidateQueries({ queryKey: ["users"] });
}

/** Returns a new API token of the user. The old one is dead. */
export async function rotateToken(seen: Shown): Promise<string> {
  const { data } = await dataOf(api.POST("/users/{id}/token", { params: { path: { id: seen.id } } }));
  const current = session.value;
  // If it is the token with which the person signed in, the page continues with the new one.
  if (current?.kind === "token" && seen.allowed_roles?.length === 0 && hasToken(seen.id, current.credential.access)) {
    replaceCredential({ ...current.credential, access: data.token });
  }
  await queryClient.invalidateQueries({ queryKey: ["users"] });
  return data.token;
}

/** Sets the password of somebody else, whose sessions end. */
export async function setPassword(seen: Shown, password: string): Promise<void> {
  await dataOf(
    api.PUT("/users/{id}/password", { params: { path: { id: seen.id } }, body: { new_password: password } }),
  );
  announce(texts.passwordSet(seen.email));
}

/** Creates a user and returns the API token. The same `key` never creates a second one. */
export async function createUser(user: UserToCreate, key: string): Promise<string> {
  const created = await dataOf(api.POST("/users", { params: { header: { "Idempotency-Key": key } }, body: user }));
  announce(texts.created(created.user.email));
  await queryClient.invalidateQueries({ queryKey: ["users"] });
  return created.user.token;
}

/** Whether a list that was read shows the end of this token at this user. */
function hasToken(id: string, token: string): boolean {
  const lists = queryClient.getQueriesData<UserList>({ queryKey: ["users"] }).flatMap(([, list]) => list?.users ?? []);
  return lists.some((user) => user.id === id && user.token?.slice(-4) === token.slice(-4));
}

function unchangedCheck(seen: Shown) {
  return {
    seen,
    read: () => readUser(seen.id),
    isSame: isSameStanding,
    inWords: texts.standing,
    onNewer: (now: Version<Shown>) => queryClient.setQueryData(["user", seen.id], now),
  };
}

/** Changes the role of the user in this version, and returns the next version. */
async function promote(id: string, etag: string | null, step: Step, reason: string): Promise<string | null> {
  const answer = await answerOf(
    api.POST("/users/{id}/promote", {
      params: { path: { id }, header: ifMatch(etag) },
      body: { ...step, ...(reason && { reason }) },
    }),
  );
  return answer.etag;
}

async function update(id: string, etag: string | null, active: boolean, reason: string): Promise<string | null> {
  const answer = await answerOf(
    api.PUT("/users/{id}", {
      params: { path: { id }, header: ifMatch(etag) },
      body: { active, ...(reason && { reason }) },
    }),
  );
  return answer.etag;
}

async function takeBackAndShow(seen: Shown, back: () => Promise<string>): Promise<void> {
  await takeBack(seen.email, back);
  await showAgain(seen.id);
}

/** Reads the user again for the lists and the dialog. A failure leaves what is shown. */
async function showAgain(id: string): Promise<void> {
  await readUser(id).then(
    (version) => queryClient.setQueryData(["user", id], version),
    () => undefined,
  );
}

/** A user stays in a list that is shown, also when it no longer fits the filters, so that the person sees the result. */
function showInLists(user: Shown): void {
  changeLists((users) => users.map((one) => (one.id === user.id ? { ...withoutEnd(one), ...user } : one)));
}

function changeLists(change: (users: ListedUser[]) => ListedUser[]): void {
  queryClient.setQueriesData<UserList>({ queryKey: ["users"] }, (list) => list && { ...list, users: change(list.users) });
}

/** The API leaves out these fields where a role has no end. */
function withoutEnd({ lasting_role: _lasting, role_until: _until, ...rest }: ListedUser): ListedUser {
  return rest;
}
