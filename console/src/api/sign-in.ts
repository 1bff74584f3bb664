// Signing in and out, for each kind of credential.

import type { TokenPair, UserTokenPair } from "../../../clients/typescript/rolecall";
import { forgetSession } from "../parts/state";
import * as texts from "../texts/common";
import { api, apiWith, dataOf, publicApi } from "./client";
import { ApiError } from "./errors";
import { endedSession, renewal } from "./renewal";
import { queryClient } from "./queries";
import { type Credential, type Kind, type Session, type Standing, session } from "./session";

/** An access token is renewed this long before it expires, so that no request meets its end. */
const EARLY_MS = 30_000;

/** Signs in with an API token, the master token or an access token. Throws `ApiError` if the API refuses it. */
export async function checkToken(token: string): Promise<Session> {
  const found = await findStanding(token);
  return {
    kind: "token",
    ...found,
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
export async function logInAccount(email: string, password: string): Promise<Session> {
  const pair = await dataOf(publicApi.POST("/v1/api/auth/login", { body: { email, password } }));
  const mustChangePassword = pair.passwordChangeRequired === true;
  return {
    kind: "account",
    standing: mustChangePassword ? "account" : (await findStanding(pair.accessToken)).standing,
    name: email,
    email,
    userId: null,
    tenantId: null,
    mustChangePassword,
    credential: fromAccountTokens(pair),
  };
}

/** Begins a session. */
export function begin(started: Session): void {
  forgetSession();
  queryClient.clear();
  renewal.refresh = refreshers[started.kind];
  session.value = started;
}

/** Changes the temporary password of a platform account and finds out what the account may do. */
export async function changeTemporaryPassword(currentPassword: string, newPassword: string): Promise<void> {
  await dataOf(api.PUT("/v1/api/auth/password", { body: { currentPassword, newPassword } }));
  const current = session.value;
  if (current) {
    const { standing } = await findStanding(current.credential.access);
    session.value = { ...current, standing, mustChangePassword: false };
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

/** Finds out what a credential is by asking the API. Throws `ApiError` with status 401 if it is none. */
async function findStanding(access: string): Promise<{ standing: Standing; tenantId: string | null }> {
  const client = apiWith(access);
  const users = await orRefusal(dataOf(client.GET("/users", { params: { query: { limit: 1 } } })));
  if (users) {
    return { standing: "admin", tenantId: users.users[0]?.tenant_id ?? null };
  }
  if (await orRefusal(dataOf(client.GET("/tenants", { params: { query: { limit: 1 } } })))) {
    return { standing: "master", tenantId: null };
  }
  if (await orRefusal(dataOf(client.GET("/v1/api/superadmin/users", { params: { query: { limit: 1 } } })))) {
    return { standing: "superadmin", tenantId: null };
  }
  // Both kinds of user are refused all three. The form of the token tells them apart: an API token has no dots.
  return { standing: access.includes(".") ? "account" : "member", tenantId: null };
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
