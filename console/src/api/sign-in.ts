// Signing in and out, for each kind of credential.

import type { TokenPair, UserTokenPair } from "../../../clients/typescript/rolecall";
import { forgetSession } from "../parts/state";
import * as texts from "../texts/common";
import { api, apiWith, dataOf, publicApi } from "./client";
import { ApiError } from "./errors";
import { endedSession, renewal } from "./renewal";
import { PAGE_SIZE, pageKey, queryClient } from "./queries";
import { type Credential, type Kind, type Session, session, type Started } from "./session";

/** An access token is renewed this long before it expires, so that no request meets its end. */
const EARLY_MS = 30_000;

/** Signs in with an API token, the master token or an access token. Throws `ApiError` if the API refuses it. */
export async function checkToken(token: string): Promise<Started> {
  const found = await findStanding(token);
  return {
    ...found,
    kind: "token",
    name: texts.standing[found.standing],
    email: null,
    userId: null,
    mustChangePassword: false,
    credential: { access: token, refresh: null, expiresAt: null },
  };
}

/** Signs in a user of a tenant. Throws `ApiError` if the API refuses it. */
export async function logInUser(email: string, password: string): Promise<Session> {
  const { data } = await dataOf(publicApi.POST("/login", { body: { email, password } }));
  return {
    kind: "user",
    standing: data.user.role === "admin" ? "admin" : "member",
    name: data.user.email,
    email: data.user.email,
    userId: data.user.id,
    tenantId: data.user.tenant_id,
    mustChangePassword: false,
    credential: fromUserTokens(data),
  };
}

/** Signs in an account of the platform. Throws `ApiError` if the API refuses it. */
export async function logInAccount(email: string, password: string): Promise<Started> {
  const pair = await dataOf(publicApi.POST("/v1/api/auth/login", { body: { email, password } }));
  const mustChangePassword = pair.passwordChangeRequired === true;
  return {
    ...(mustChangePassword ? ORDINARY_ACCOUNT : await findAccountStanding(pair.accessToken)),
    kind: "account",
    name: email,
    email,
    userId: null,
    mustChangePassword,
    credential: fromAccountTokens(pair),
  };
}

/** Begins a session. */
export function begin({ firstPage, ...started }: Started): void {
  forgetSession();
  queryClient.clear();
  if (firstPage) {
    queryClient.setQueryData(pageKey(firstPage.list, {}), firstPage.answer);
  }
  renewal.refresh = refreshers[started.kind];
  session.value = started;
}

/** Changes the temporary password of a platform account and finds out what the account may do. */
export async function changeTemporaryPassword(currentPassword: string, newPassword: string): Promise<void> {
  await dataOf(api.PUT("/v1/api/auth/password", { body: { currentPassword, newPassword } }));
  const current = session.value;
  if (current) {
    const found = await findAccountStanding(current.credential.access);
    begin({ ...current, ...found, mustChangePassword: false });
  }
}

/** Ends the session, here at once and at the API as soon as it answers. */
export async function signOut(): Promise<void> {
  const ended = session.value;
  session.value = null;
  forgetSession();
  queryClient.clear();
  endedSession.value?.resolve(null);
  if (!ended?.credential.refresh) {
    return;
  }
  const client = apiWith(ended.credential.access);
  // Without an answer the tokens end by themselves.
  await (ended.kind === "user"
    ? client.POST("/logout", { body: { refresh_token: ended.credential.refresh } })
    : client.POST("/v1/api/auth/logout", { body: { refreshToken: ended.credential.refresh } })
  ).catch(() => undefined);
}

/**
 * Returns the session of the same person, for one that has ended. Throws `ApiError` if the API refuses the credential,
 * or if it is somebody else's.
 */
export async function checkAgain(ended: Session, secret: string): Promise<Session> {
  const found = await {
    token: () => checkToken(secret),
    user: () => logInUser(ended.email ?? "", secret),
    account: () => logInAccount(ended.email ?? "", secret),
  }[ended.kind]();
  // A token can be anybody's. An email may have been given to another user meanwhile.
  if (
    found.userId !== ended.userId ||
    (ended.kind === "token" && (found.standing !== ended.standing || found.tenantId !== ended.tenantId))
  ) {
    throw new ApiError(403, "SOMEBODY_ELSE", texts.errorsSomebodyElse);
  }
  return found;
}

type Found = Pick<Started, "standing" | "tenantId" | "firstPage">;

const ORDINARY_ACCOUNT: Found = { standing: "account", tenantId: null };

/**
 * Finds out what a credential is by asking the API. Throws `ApiError` with status 401 if it is none. What is asked for is
 * what the first screen shows, so that the screen need not ask again.
 */
async function findStanding(access: string): Promise<Found> {
  const client = apiWith(access);
  const query = { limit: PAGE_SIZE };
  const users = await orRefusal(
    dataOf(client.GET("/users", { params: { query: { ...query, include: "allowed_roles" } } })),
  );
  if (users) {
    const tenantId = users.users[0]?.tenant_id ?? null;
    return { standing: "admin", tenantId, firstPage: { list: "users", answer: users } };
  }
  const tenants = await orRefusal(dataOf(client.GET("/tenants", { params: { query } })));
  if (tenants) {
    return { standing: "master", tenantId: null, firstPage: { list: "tenants", answer: tenants } };
  }
  const found = await findAccountStanding(access);
  // Both kinds of user are refused all three. The form of the token tells them apart: an API token has no dots.
  return found.standing === "superadmin" || access.includes(".") ? found : { standing: "member", tenantId: null };
}

/** Finds out what an account of the platform may do. Throws `ApiError`. */
async function findAccountStanding(access: string): Promise<Found> {
  const query = { limit: PAGE_SIZE };
  const accounts = await orRefusal(dataOf(apiWith(access).GET("/v1/api/superadmin/users", { params: { query } })));
  return accounts
    ? { standing: "superadmin", tenantId: null, firstPage: { list: "accounts", answer: accounts } }
    : ORDINARY_ACCOUNT;
}

/** Returns null where the API knows the caller but does not let it in. */
async function orRefusal<Data>(asked: Promise<Data>): Promise<Data | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) {
      return null;
    }
    throw error;
  }
}

const refreshers: Record<Kind, ((token: string) => Promise<Credential | null>) | null> = {
  token: null,
  user: (token) =>
    orEnded(async () =>
      fromUserTokens((await dataOf(publicApi.POST("/login/refresh", { body: { refresh_token: token } }))).data),
    ),
  account: (token) =>
    orEnded(async () =>
      fromAccountTokens(await dataOf(publicApi.POST("/v1/api/auth/refresh", { body: { refreshToken: token } }))),
    ),
};

/** Returns null if the refresh token is no longer good. */
async function orEnded(asked: () => Promise<Credential>): Promise<Credential | null> {
  try {
    return await asked();
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 400)) {
      return null;
    }
    throw error;
  }
}

function fromUserTokens(pair: Pick<UserTokenPair, "access_token" | "refresh_token" | "expires_in">): Credential {
  return { access: pair.access_token, refresh: pair.refresh_token, expiresAt: expiry(pair.expires_in) };
}

function fromAccountTokens(pair: TokenPair): Credential {
  return { access: pair.accessToken, refresh: pair.refreshToken, expiresAt: expiry(pair.expiresIn) };
}

function expiry(seconds: number): number {
  return Date.now() + seconds * 1000 - EARLY_MS;
}
