// What the palette finds with the API: people by the beginning of their email or by id, tenants and webhooks by name.

import { api, dataOf } from "../api/client";
import { ApiError } from "../api/errors";
import { queryClient } from "../api/queries";
import { session } from "../api/session";
import { STATUSES } from "../tenants/opened";
import { auditOfTenant, foundAccount, foundTenant, foundUser, foundWebhook } from "./found";
import { type Found, splitText, stillFitting } from "./offer";

/** How many results the API is asked for. */
const MOST = 8;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;

/** Asks the API for what fits the text. Throws `ApiError` if it refuses. */
export async function search(text: string, signal: AbortSignal): Promise<Found[]> {
  const { wanted } = splitText(text);
  switch (session.value?.standing) {
    case "admin":
      return UUID.test(wanted)
        ? findUser(wanted, signal)
        : [...(await searchUsers(wanted, signal)), ...(await searchWebhooks(wanted))];
    case "member":
      return UUID.test(wanted) ? findUser(wanted, signal) : [];
    case "superadmin":
      return /^[1-9]\d{0,9}$/u.test(wanted) ? findAccount(Number(wanted), signal) : searchAccounts(wanted, signal);
    case "master":
      return UUID.test(wanted) ? [auditOfTenant(wanted)] : searchTenants(wanted, signal);
    default:
      return [];
  }
}

async function searchUsers(email: string, signal: AbortSignal): Promise<Found[]> {
  const query = { email, limit: MOST, include: "allowed_roles" } as const;
  return (await dataOf(api.GET("/users", { params: { query }, signal }))).users.map(foundUser);
}

function findUser(id: string, signal: AbortSignal): Promise<Found[]> {
  return emptyListOn404(async () => {
    const params = { path: { id }, query: { include: "allowed_roles" } } as const;
    return [foundUser((await dataOf(api.GET("/users/{id}", { params, signal }))).data)];
  });
}

async function searchAccounts(email: string, signal: AbortSignal): Promise<Found[]> {
  const query = { email, limit: MOST };
  return (await dataOf(api.GET("/v1/api/superadmin/users", { params: { query }, signal }))).users.map(foundAccount);
}

function findAccount(id: number, signal: AbortSignal): Promise<Found[]> {
  return emptyListOn404(async () => [
    foundAccount(await dataOf(api.GET("/v1/api/superadmin/users/{id}", { params: { path: { id } }, signal }))),
  ]);
}

/** The API lists tenants by status, so each status is asked for. */
async function searchTenants(name: string, signal: AbortSignal): Promise<Found[]> {
  const lists = STATUSES.map(async (status) => {
    const query = { name, status, limit: MOST };
    const { tenants } = await dataOf(api.GET("/tenants", { params: { query }, signal }));
    return tenants.map((tenant) => foundTenant(tenant, status));
  });
  return (await Promise.all(lists)).flat();
}

/** Looks among the first webhooks: a tenant has few, and the API has no search for them. */
async function searchWebhooks(text: string): Promise<Found[]> {
  if (text.includes("@")) {
    return [];
  }
  const { webhooks } = await queryClient.fetchQuery({
    queryKey: ["webhooks", "palette"],
    queryFn: () => dataOf(api.GET("/webhooks", { params: { query: { limit: 50 } } })),
  });
  return stillFitting(webhooks.map(foundWebhook), text).slice(0, MOST);
}

/** Returns what was found, or an empty list if the API answers 404. */
async function emptyListOn404(search: () => Promise<Found[]>): Promise<Found[]> {
  try {
    return await search();
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      return [];
    }
    throw error;
  }
}
