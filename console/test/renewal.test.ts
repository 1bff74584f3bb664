import { beforeEach, expect, test, vi } from "vitest";

import { ApiError } from "../src/api/errors";
import { Renewal } from "../src/api/renewal";
import { type Credential, type Session, session } from "../src/api/session";

const credential = (access: string, refresh: string | null = null): Credential => ({ access, refresh, expiresAt: null });

const old = credential("old", "once");

beforeEach(() => {
  session.value = {
    kind: "user",
    standing: "admin",
    name: "ada@example.com",
    email: "ada@example.com",
    userId: null,
    tenantId: null,
    mustChangePassword: false,
    credential: old,
  } satisfies Session;
});

const access = () => session.value?.credential.access;
const never = vi.fn(() => Promise.resolve(null));

test("requests that fail at the same time spend one refresh token, once", async () => {
  const renewal = new Renewal();
  renewal.refresh = vi.fn(async () => credential("new", "next"));

  await Promise.all([renewal.renew(old, never), renewal.renew(old, never)]);
  await renewal.renew(old, never); // A late answer to a request that was sent with the old credential.

  expect(renewal.refresh).toHaveBeenCalledExactlyOnceWith("once");
  expect(access()).toBe("new");
});

test("a refresh token that is no longer good leads to the question, and the session goes on with the answer", async () => {
  const renewal = new Renewal();
  renewal.refresh = async () => null;

  await renewal.renew(old, async () => credential("typed"));

  expect(access()).toBe("typed");
});

test("a busy API is no end of the session: nobody is asked, and the next request tries again", async () => {
  const renewal = new Renewal();
  renewal.refresh = vi.fn().mockRejectedValueOnce(new ApiError(503, "SERVICE_UNAVAILABLE", "busy")).mockResolvedValue(credential("new"));
  const ask = vi.fn();

  await expect(renewal.renew(old, ask)).rejects.toMatchObject({ status: 503 });
  await renewal.renew(old, ask);

  expect(ask).not.toHaveBeenCalled();
  expect(access()).toBe("new");
});

test("who signs out instead of answering gets no further request", async () => {
  const renewal = new Renewal();

  await expect(renewal.renew(old, async () => null)).rejects.toMatchObject({ code: "SIGNED_OUT" });
});
