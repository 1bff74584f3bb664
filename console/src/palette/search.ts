// What the palette finds with the API: people by the beginning of their email or by id, tenants by name.

import { api, dataOf } from "../api/client";
import { ApiError } from "../api/errors";
import { session } from "../api/session";
import { goTo } from "../parts/route";
import * as texts from "../texts/palette";
import type { Command } from "./commands";

/** How many results the API is asked for. */
const MOST = 8;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;

/** Asks the API for what fits the text. Throws `ApiError` if it refuses. */
export async function search(text: string, signal: AbortSignal): Promise<Command[]> {
  switch (session.value?.standing) {
    case "admin":
      return UUID.test(text) ? findUser(text, signal) : searchUsers(text, signal);
    case "member":
      return UUID.test(text) ? findUser(text, signal) : [];
    case "superadmin":
      return /^[1-9]\d{0,9}$/u.test(text) ? findAccount(Number(text), signal) : searchAccounts(text, signal);
    case "master":
      return UUID.test(text) ? [auditOfTenant(text)] : searchTenants(text, signal);
    default:
      return [];
  }
}

async function searchUsers(email: string, signal: AbortSignal): Promise<Command[]> {
  const { users } = await dataOf(api.GET("/users", { params: { query: { email, limit: MOST } }, signal }));
  return users.map(userCommand);
}

function findUser(id: string, signal: AbortSignal): Promise<Command[]> {
  return orNothing(async () => {
    const { data } = await dataOf(api.GET("/users/{id}", { params: { path: { id } }, signal }));
    return [userCommand(data)];
  });
}

async function searchAccounts(email: string, signal: AbortSignal): Promise<Command[]> {
  const query = { email, limit: MOST };
  const { users } = await dataOf(api.GET("/v1/api/superadmin/users", { params: { query }, signal }));
  return users.map(accountCommand);
}

function findAccount(id: number, signal: AbortSignal): Promise<Command[]> {
  return orNothing(async () => {
    const found = api.GET("/v1/api/superadmin/users/{id}", { params: { path: { id } }, signal });
    return [accountCommand(await dataOf(found))];
  });
}

async function searchTenants(name: string, signal: AbortSignal): Promise<Command[]> {
  const { tenants } = await dataOf(api.GET("/tenants", { params: { query: { name, limit: MOST } }, signal }));
  return tenants.map((tenant) => ({
    id: tenant.id,
    kind: texts.kindsTenant,
    label: tenant.name,
    run: () => goTo(["tenants"], { name: tenant.name }),
  }));
}

function auditOfTenant(id: string): Command {
  return { id, kind: texts.kindsTenant, label: texts.auditOf(id), run: () => goTo(["audit"], { tenant: id }) };
}

function userCommand({ id, email }: { id: string; email: string }): Command {
  return { id, kind: texts.kindsUser, label: email, run: () => goTo(["users"], { person: id }) };
}

function accountCommand({ id, email }: { id: number; email: string }): Command {
  return { id: String(id), kind: texts.kindsAccount, label: email, run: () => goTo(["accounts"], { email }) };
}

/** Returns nothing where the API knows nobody with the id. */
async function orNothing(found: () => Promise<Command[]>): Promise<Command[]> {
  try {
    return await found();
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      return [];
    }
    throw error;
  }
}
