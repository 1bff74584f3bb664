// Who is signed in. All of it lives in the memory of the page: a reload or a closed tab forgets it.

import { state } from "../parts/state";

/** The form that somebody signed in with. */
export type Kind = "token" | "user" | "account";

/**
 * What the API lets the credential do.
 *
 * - `admin`: lists and changes the users of a tenant.
 * - `member`: a manager or a user of a tenant. Opens people by id.
 * - `superadmin`: administers the accounts of the platform.
 * - `account`: an account of the platform without that right.
 * - `master`: administers the tenants.
 */
export type Standing = "admin" | "member" | "superadmin" | "account" | "master";

export interface Credential {
  access: string;
  /** Only a session of somebody with a password has one. */
  refresh: string | null;
  /** The time in milliseconds from which on `access` is no longer used. */
  expiresAt: number | null;
}

export interface Session {
  kind: Kind;
  standing: Standing;
  /** How the page names the person: the email, or the kind of token. */
  name: string;
  /** The email that the person signed in with; null for a token. */
  email: string | null;
  /** The own id of a tenant's user, if it is known. It is unknown for a token. */
  userId: string | null;
  tenantId: string | null;
  /** A platform account with a temporary password can only change it. */
  mustChangePassword: boolean;
  credential: Credential;
}

/** A session that begins. */
export interface Started extends Session {
  /** The first page of a list that was read to find out what the credential may do. */
  firstPage?: { list: Screen; answer: unknown };
}

export const session = state<Session | null>(null);

/** The names of the screens, as they stand in the address. */
export type Screen = "users" | "accounts" | "tenants" | "audit" | "webhooks";

const SCREENS: Record<Standing, readonly Screen[]> = {
  admin: ["users", "audit", "webhooks"],
  member: ["users"],
  superadmin: ["accounts"],
  account: [],
  master: ["tenants", "audit"],
};

/** The screens for what is signed in, the first one first shown. */
export function screens(): readonly Screen[] {
  return session.value ? SCREENS[session.value.standing] : [];
}

/** Replaces the credential of the session, if the session has not ended meanwhile. */
export function replaceCredential(credential: Credential): void {
  if (session.value) {
    session.value = { ...session.value, credential };
  }
}
