// What goes over the wire, with a stand-in for `fetch`: credentials, and the parts of a change of many.

import { afterEach, beforeEach, expect, test, vi } from "vitest";

let respond: (request: Request) => Promise<Response> = async () => Response.error();
vi.stubGlobal("fetch", (request: Request) => respond(request));
vi.stubGlobal("document", { baseURI: "https://api.example.com/live/console" });

const { api, dataOf } = await import("../src/api/client");
const { endedSession } = await import("../src/api/renewal");
const { session } = await import("../src/api/session");
const { begin, checkAgain } = await import("../src/api/sign-in");
const { sendRows } = await import("../src/many/send");

interface Sent {
  method: string;
  path: string;
  token: string | null;
  body: unknown;
}

const sent: Sent[] = [];

/** Answers each request in turn, and keeps what was sent. */
function answerWith(...answers: ((request: Sent) => Response)[]): void {
  respond = async (request) => {
    const one = {
      method: request.method,
      path: request.url.replace("https://api.example.com/live", ""),
      token: request.headers.get("Authorization"),
      body: request.body ? await request.json() : null,
    };
    sent.push(one);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer?.(one) ?? Response.error();
  };
}

const json = (body: unknown, status = 200, headers = {}) => new Response(JSON.stringify(body), { status, headers });
const refused = () => json({ error: "a valid credential is required", error_code: "UNAUTHORIZED" }, 401);
const user = () => json({ success: true, data: { id: "1" } });

beforeEach(() => {
  vi.useFakeTimers();
  sent.length = 0;
  begin({
    kind: "user",
    standing: "admin",
    name: "ada@example.com",
    email: "ada@example.com",
    userId: "1",
    tenantId: "2",
    mustChangePassword: false,
    credential: { access: "first", refresh: "once", expiresAt: null },
  });
});
afterEach(() => vi.useRealTimers());

const readOne = () => dataOf(api.GET("/users/{id}", { params: { path: { id: "1" } } }));

const renewed = () =>
  json({ success: true, data: { access_token: "second", refresh_token: "next", token_type: "Bearer", expires_in: 900 } });

test("a request goes to the stage beside the page, with the credential of the session", async () => {
  answerWith(user);
  await readOne();

  expect(sent).toEqual([{ method: "GET", path: "/users/1", token: "Bearer first", body: null }]);
});

test("a 401 is renewed silently, and the request is sent again with its body", async () => {
  answerWith(refused, renewed, user);
  await dataOf(api.PUT("/users/{id}", { params: { path: { id: "1" } }, body: { active: false } }));

  expect(sent.map(({ path, token }) => [path, token])).toEqual([
    ["/users/1", "Bearer first"],
    ["/login/refresh", null],
    ["/users/1", "Bearer second"],
  ]);
  expect(sent[2]?.body).toEqual({ active: false });
});

test("an access token that is about to expire is renewed before it is used", async () => {
  answerWith(renewed, user, renewed, user);
  if (session.value) {
    session.value = { ...session.value, credential: { access: "first", refresh: "once", expiresAt: Date.now() } };
  }
  await readOne();
  vi.advanceTimersByTime(15 * 60_000);
  await readOne();

  expect(sent.map(({ path }) => path)).toEqual(["/login/refresh", "/users/1", "/login/refresh", "/users/1"]);
});

test("a session that has ended waits for a new credential, and then the request goes on", async () => {
  answerWith(refused, refused, user);
  const reading = readOne();
  await vi.waitFor(() => expect(endedSession.value).not.toBeNull());
  endedSession.value?.resolve({ access: "typed", refresh: null, expiresAt: null });

  await expect(reading).resolves.toMatchObject({ data: { id: "1" } });
  expect(sent.at(-1)?.token).toBe("Bearer typed");
  expect(endedSession.value).toBeNull();
});

// --- A change of many --------------------------------------------------------------------------------

const rows = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    line: index + 2,
    email: `${index}@b.c`,
    change: { email: `${index}@b.c`, new_role: "user" as const },
  }));

/** Answers that the first `tried` changes of a request are made, and that there was no time for the others. */
const changedUpTo = (tried: number) => (request: Sent) => {
  const { changes } = request.body as { changes: { email: string }[] };
  const results = changes.map(({ email }, index) => ({
    email,
    new_role: "user",
    outcome: index < tried ? "changed" : "not_tried",
  }));
  return json({ success: true, message: "", data: { dry_run: false, results } });
};

async function send(count: number, stop = new AbortController()) {
  const reports: number[] = [];
  let last: readonly { row: { line: number }; result: { outcome: string } }[] = [];
  const sending = sendRows({
    rows: rows(count),
    reason: "because",
    dryRun: false,
    stop: stop.signal,
    onDone: (done) => {
      reports.push(done.length);
      last = done;
    },
  });
  await Promise.all([sending, vi.runAllTimersAsync()]);
  return { reports, lines: last.map(({ row }) => row.line), outcomes: last.map(({ result }) => result.outcome) };
}

test("rows for which a request had no time are sent again, in order and once", async () => {
  answerWith(changedUpTo(7), changedUpTo(100));
  const { reports, lines } = await send(30);

  expect(reports).toEqual([7, 27, 30]);
  expect(lines).toEqual(rows(30).map(({ line }) => line));
});

test("it ends when the API has no time for any row", async () => {
  answerWith(changedUpTo(0));

  expect((await send(3)).outcomes).toEqual(["not_tried", "not_tried", "not_tried"]);
  expect(sent).toHaveLength(1);
});

test("a busy API is asked again, as late as it says", async () => {
  answerWith(() => json({ error: "slow down", error_code: "RATE_LIMITED" }, 429, { "Retry-After": "3" }), changedUpTo(100));
  const begun = Date.now();
  await send(1);

  expect(Date.now() - begun).toBe(3000);
  expect(sent).toHaveLength(2);
});

test("a stop lets the part that runs end and sends no other", async () => {
  const stop = new AbortController();
  answerWith((request) => {
    stop.abort();
    return changedUpTo(100)(request);
  });

  expect((await send(60, stop)).reports).toEqual([20]);
  expect(sent).toHaveLength(1);
});

test("a refusal of a whole request names the lines of the text", async () => {
  answerWith(() =>
    json(
      { error: "validation failed", error_code: "VALIDATION_ERROR", validation: [{ field: "changes[1].until", message: "is over" }] },
      400,
    ),
  );

  await expect(send(2)).rejects.toMatchObject({ fields: [{ field: "line 3 until", message: "is over" }] });
});

test("an ended session goes on with the same user only, also if the email belongs to another one now", async () => {
  const login = (id: string) => () =>
    json({
      success: true,
      data: {
        access_token: "second",
        refresh_token: "next",
        token_type: "Bearer",
        expires_in: 900,
        user: { id, tenant_id: "2", email: "ada@example.com", role: "admin" },
      },
    });
  const ended = session.value;
  if (!ended) throw new Error("no session");

  answerWith(login("9"));
  await expect(checkAgain(ended, "a password")).rejects.toMatchObject({ code: "SOMEBODY_ELSE" });

  answerWith(login("1"));
  expect((await checkAgain(ended, "a password")).credential.access).toBe("second");
});
