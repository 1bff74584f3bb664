// How a program calls the API with these definitions: a change of a user's role, and what can go wrong with it.

import type { paths, Role, RoleChange } from "./rolecall";

type Promote = paths["/users/{id}/promote"]["post"];
type Body<Status extends keyof Promote["responses"]> = Promote["responses"][Status]["content"]["application/json"];
type Failure = Body<Exclude<keyof Promote["responses"], 200>>;

/** A request that was refused. A program reads `code`; `message` is for people. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: Failure["error_code"],
    message: string,
  ) {
    super(message);
  }
}

/** Gives the user the role, with the API token of an admin or a manager. Throws `Refused`; safe to repeat. */
export async function promote(api: string, token: string, userId: string, newRole: Role): Promise<RoleChange> {
  const body: Promote["requestBody"]["content"]["application/json"] = { new_role: newRole };
  const answer = await fetch(`${api}/users/${userId}/promote`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.status === 200) {
    return ((await answer.json()) as Body<200>).data;
  }
  const failure = (await answer.json()) as Failure;
  throw new Refused(answer.status, failure.error_code, failure.error);
}
