// What a role change means: the ends that people choose from, what counts as changed meanwhile, and the way back.

import type { Role, User } from "../../../clients/typescript/rolecall";

/** All roles of a tenant, the lowest first. */
export const ROLES: readonly Role[] = ["user", "manager", "admin"];

/** What somebody may do: the role in force, the role after it while it is temporary, and whether they are active. */
export type Standing = Pick<User, "role" | "lasting_role" | "role_until" | "active">;

/** A role change as the API takes it. `until` is the end of a temporary role. */
export interface Step {
  new_role: Role;
  until?: string;
}

/** The ends that people choose from. `date` needs a date and time of day. */
export type EndChoice = "" | "hour" | "today" | "week" | "date";

/** An end and a reason, as they are chosen and typed. */
export interface Terms {
  end: EndChoice;
  /** The value of a `datetime-local` field, for the end `date`. */
  date: string;
  reason: string;
}

export const NO_TERMS: Terms = { end: "", date: "", reason: "" };

const HOUR_MS = 60 * 60 * 1000;

/** Returns the end as the API takes it, or undefined if there is none. The day ends where the browser is. */
export function untilOf({ end, date }: Pick<Terms, "end" | "date">, now: Date): string | undefined {
  switch (end) {
    case "hour":
      return toSecond(new Date(now.getTime() + HOUR_MS));
    case "today":
      return toSecond(new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1));
    case "week":
      return toSecond(new Date(now.getTime() + 7 * 24 * HOUR_MS));
    case "date":
      return date ? toSecond(new Date(date)) : undefined;
    case "":
      return undefined;
  }
}

function toSecond(time: Date): string | undefined {
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString().replace(/\.\d+Z$/u, "Z");
}

/** Whether two readings of a user show the same role, end and state. */
export function isSameStanding(one: Standing, other: Standing): boolean {
  return (
    one.role === other.role &&
    one.active === other.active &&
    (one.lasting_role ?? one.role) === (other.lasting_role ?? other.role) &&
    (one.role_until ?? null) === (other.role_until ?? null)
  );
}

/** An end that is nearer than this is not given again: the API wants a minute, and the request takes its time. */
const LEAST_MS = 90 * 1000;

/**
 * Returns the changes that lead back from `step` to how it was `before`. A temporary role is given again with its old
 * end, after the lasting role below it. If that end has come, only the lasting role is given.
 */
export function stepsBack(before: Standing, step: Step, now: Date): Step[] {
  const lasting = before.lasting_role ?? before.role;
  const until = before.role_until;
  if (!until || new Date(until).getTime() - now.getTime() < LEAST_MS) {
    return [{ new_role: lasting }];
  }
  // A change with an end keeps the lasting role, so the first of the two steps is not needed.
  const again: Step = { new_role: before.role, until };
  return step.until === undefined ? [{ new_role: lasting }, again] : [again];
}
