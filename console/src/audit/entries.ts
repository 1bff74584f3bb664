// What an entry of the audit says, in a form that can be shown or exported.

import type { AuditEntry } from "../../../clients/typescript/rolecall";
import * as texts from "../texts/audit";

/** One field that an entry changed. A value is null where the field did not exist. */
export interface FieldChange {
  field: string;
  before: string | null;
  after: string | null;
}

/** Returns the fields that differ before and after, the role first. A refusal lists the fields that were asked for. */
export function changesOf(entry: Pick<AuditEntry, "before" | "after">): FieldChange[] {
  const before = asRecord(entry.before);
  const after = asRecord(entry.after);
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changes = fields
    .map((field) => ({ field, before: asText(before[field]), after: asText(after[field]) }))
    .filter((change) => change.before !== change.after);
  return changes.sort((one, other) => Number(isRole(other.field)) - Number(isRole(one.field)));
}

function isRole(field: string): boolean {
  return field === "role" || field === "new_role";
}

/** Returns the name of an action in words, also of one that this page does not know. */
export function actionText(action: string): string {
  return texts.actions[action] ?? action.replaceAll("_", " ");
}

/** Returns how the list names the actor: the email, else the kind of actor. */
export function actorName({ actor }: Pick<AuditEntry, "actor">): string {
  if (actor.email) {
    return actor.email;
  }
  const names = {
    master: texts.operator,
    system: texts.system,
    user: shortId(actor.id),
    account: `account ${actor.id}`,
  };
  return names[actor.type];
}

/** Returns the emails of users and the names of tenants that the entries know, by id. The newest one counts. */
export function namesById(entries: readonly AuditEntry[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const { actor, target, before, after } of entries) {
    const known: [string, unknown][] = [
      [actor.id, actor.email],
      [target.id, nameIn(after) ?? nameIn(before)],
    ];
    for (const [id, name] of known) {
      if (typeof name === "string" && !names.has(id)) {
        names.set(id, name);
      }
    }
  }
  return names;
}

/** Returns how the list names a target. */
export function targetName({ target }: Pick<AuditEntry, "target">, names: ReadonlyMap<string, string>): string {
  return names.get(target.id) ?? `${target.type} ${shortId(target.id)}`;
}

/** Returns the row of an entry in the export, in the order of the columns. */
export function toRow(entry: AuditEntry): unknown[] {
  const { actor, target } = entry;
  return [
    entry.timestamp,
    entry.outcome,
    entry.action,
    actor.type,
    actor.id,
    actor.email,
    target.type,
    target.id,
    asText(entry.before),
    asText(entry.after),
    entry.reason,
    entry.ip,
    entry.request_id,
    entry.refusals,
  ];
}

/** Returns the filters of an address as the API takes them. The dates are days in the time zone of the browser. */
export function toApiFilters(query: Readonly<Record<string, string>>): Record<string, string> {
  const { tenant, action, actor, target, outcome, from, to } = query;
  return Object.fromEntries(
    Object.entries({
      tenant_id: tenant,
      action,
      actor,
      target,
      outcome,
      from: from && firstSecond(from),
      to: to && lastSecond(to),
    }).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}

/** Returns the first second of a day such as `2026-06-15` in UTC, or null if it is no day. */
function firstSecond(day: string): string | null {
  return toUtc(new Date(`${day}T00:00:00`));
}

function lastSecond(day: string): string | null {
  return toUtc(new Date(`${day}T23:59:59`));
}

function toUtc(time: Date): string | null {
  return Number.isNaN(time.getTime()) ? null : time.toISOString().replace(/\.\d+Z$/u, "Z");
}

function nameIn(values: unknown): unknown {
  const { email, name } = asRecord(values);
  return email ?? name;
}

function shortId(id: string): string {
  return id.length > 12 ? `${id.slice(0, 8)}…` : id;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function asText(value: unknown): string | null {
  if (value === null || value === undefined) {
    return null;
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
