import { expect, test } from "vitest";

import { refusedFirst, summarize } from "../src/many/outcomes";
import { cutIntoParts, type Done, readRows, resultsToCsv, type Row, rowsOfSelection } from "../src/many/rows";
import { parseCsv } from "../src/parts/csv";

const problemsOf = (text: string) => readRows(text).problems.map(({ line, text: why }) => `${line}: ${why}`);

test("rows have the fields of the API, without empty cells", () => {
  const { rows, problems } = readRows(
    "New_Role,email,reason,until\nmanager,a@b.c,,2026-06-15T12:00:00Z\nuser,d@e.f,\"left, for good\",\n",
  );

  expect(problems).toEqual([]);
  expect(rows).toEqual([
    { line: 2, email: "a@b.c", change: { new_role: "manager", email: "a@b.c", until: "2026-06-15T12:00:00Z" } },
    { line: 3, email: "d@e.f", change: { new_role: "user", email: "d@e.f", reason: "left, for good" } },
  ]);
});

test.each([
  ["email", "1: the column new_role is missing"],
  ["email,new_role,tenant_id", "1: tenant_id is not a known column"],
  ["email,new_role,email", "1: the column email is there twice"],
  ["email,new_role\na@b.c", "2: has 1 of 2 cells"],
  ["email,new_role\n,user", "2: the email is missing"],
  ["email,new_role\na@b.c,boss", "2: the role must be admin, manager or user, not boss"],
  ["email,new_role\na@b.c,", "2: the role must be admin, manager or user, not empty"],
  ["email,new_role,until\na@b.c,admin,tomorrow", "2: until must be a time such as 2026-06-15T12:00:00Z, not tomorrow"],
  ["email,new_role\na@b.c,user\n\nA@B.C,admin", "4: A@B.C is on line 2 already"],
  ['email,new_role\n"a@b.c,user', "2: a quotation mark is in the wrong place"],
])("%j is refused: %s", (text, problem) => {
  expect(problemsOf(text)).toEqual([problem]);
  expect(readRows(text).rows).toEqual([]);
});

test("one wrong line holds all back, and every problem is named", () => {
  expect(problemsOf("email,new_role\na@b.c,user\n,boss")).toHaveLength(2);
  expect(readRows("email,new_role\na@b.c,user\n,boss").rows).toEqual([]);
});

test("selected users are named by their ids, with the same role and end", () => {
  expect(rowsOfSelection([{ id: "1", email: "a@b.c" }], "admin", "2026-06-15T12:00:00Z")).toEqual([
    { line: 1, email: "a@b.c", change: { user_id: "1", new_role: "admin", until: "2026-06-15T12:00:00Z" } },
  ]);
  expect(rowsOfSelection([{ id: "1", email: "a@b.c" }], "user", undefined)[0]?.change).not.toHaveProperty("until");
});

const row = (line: number, reason = ""): Row => ({
  line,
  email: `${line}@b.c`,
  change: { email: `${line}@b.c`, new_role: "user", ...(reason && { reason }) },
});

test("parts have at most so many rows, and every row is in one of them", () => {
  const rows = Array.from({ length: 250 }, (_, index) => row(index));
  const parts = cutIntoParts(rows, 100);

  expect(parts.map((part) => part.length)).toEqual([100, 100, 50]);
  expect(parts.flat()).toEqual(rows);
  expect(cutIntoParts([], 100)).toEqual([]);
});

test("a part fits into one request, counted in bytes and not in letters", () => {
  const rows = Array.from({ length: 100 }, (_, index) => row(index, "ü".repeat(500)));
  const sizes = cutIntoParts(rows, 100).map(
    (part) => new TextEncoder().encode(JSON.stringify(part.map(({ change }) => change))).length,
  );

  expect(sizes.length).toBe(2);
  expect(Math.max(...sizes)).toBeLessThan(64 * 1024 - 2 * 500);
});

const done = (line: number, outcome: Done["result"]["outcome"], error?: string): Done => ({
  row: row(line),
  result: { outcome, new_role: "user", ...(error && { error, error_code: "LAST_ADMIN" }) } as Done["result"],
});

test("the summary counts each outcome, and says when nothing has happened yet", () => {
  const all = [done(1, "changed"), done(2, "unchanged"), done(3, "refused"), done(4, "refused")];

  expect(summarize(all, true)).toBe("1 would change, 1 stays, 2 would be refused");
  expect(summarize([...all, done(5, "not_tried")], false)).toBe("1 changed, 1 stays, 2 refused, 1 not tried");
});

test("refused rows come first and otherwise keep their order", () => {
  const order = refusedFirst([done(1, "changed"), done(2, "refused"), done(3, "changed"), done(4, "not_tried")]);

  expect(order.map((one) => one.row.line)).toEqual([2, 4, 1, 3]);
});

test("results are a CSV, and no refusal becomes a formula", () => {
  const [head, first] = parseCsv(resultsToCsv([done(7, "refused", "=1+1")]));
  const fields = Object.fromEntries(head?.cells.map((name, index) => [name, first?.cells[index]]) ?? []);

  expect(fields).toMatchObject({ line: "7", outcome: "refused", error_code: "LAST_ADMIN", error: "'=1+1" });
});
