import { expect, test } from "vitest";

import { isSameStanding, type Standing, type Step, stepsBack, untilOf } from "../src/users/roles";

const NOW = new Date("2026-06-15T12:00:00Z");
const LATER = "2026-06-15T18:00:00Z";

const lasting = (role: Standing["role"]): Standing => ({ role, active: true });
const temporary = (role: Standing["role"], below: Standing["role"], until = LATER): Standing => ({
  role,
  lasting_role: below,
  role_until: until,
  active: true,
});

test.each<[string, Standing, Step, Step[]]>([
  ["a lasting role", lasting("user"), { new_role: "admin" }, [{ new_role: "user" }]],
  ["a lasting role, after a temporary one", lasting("user"), { new_role: "admin", until: LATER }, [{ new_role: "user" }]],
  [
    "a temporary role, after a lasting one: the role below it first",
    temporary("manager", "user"),
    { new_role: "admin" },
    [{ new_role: "user" }, { new_role: "manager", until: LATER }],
  ],
  [
    "a temporary role, after another temporary one: the role below it has stayed",
    temporary("manager", "user"),
    { new_role: "admin", until: LATER },
    [{ new_role: "manager", until: LATER }],
  ],
  [
    "a temporary role whose end is near: the role after it",
    temporary("manager", "user", "2026-06-15T12:01:00Z"),
    { new_role: "admin" },
    [{ new_role: "user" }],
  ],
])("the way back to %s", (_name, before, step, expected) => {
  expect(stepsBack(before, step, NOW)).toEqual(expected);
});

test.each<[string, Standing, Standing, boolean]>([
  ["the same role", lasting("user"), lasting("user"), true],
  ["another role", lasting("user"), lasting("manager"), false],
  ["another state", lasting("user"), { ...lasting("user"), active: false }, false],
  ["a role that got an end", lasting("manager"), temporary("manager", "user"), false],
  ["another end", temporary("manager", "user"), temporary("manager", "user", "2026-06-16T18:00:00Z"), false],
  ["another role below it", temporary("admin", "user"), temporary("admin", "manager"), false],
])("%s", (_name, one, other, same) => {
  expect(isSameStanding(one, other)).toBe(same);
  expect(isSameStanding(other, one)).toBe(same);
});

test("ends are whole seconds in UTC", () => {
  expect(untilOf({ end: "", date: "" }, NOW)).toBeUndefined();
  expect(untilOf({ end: "hour", date: "" }, new Date("2026-06-15T12:00:00.750Z"))).toBe("2026-06-15T13:00:00Z");
  expect(untilOf({ end: "week", date: "" }, NOW)).toBe("2026-06-22T12:00:00Z");
  expect(untilOf({ end: "date", date: "2026-07-01T09:30" }, NOW)).toBe(
    new Date("2026-07-01T09:30").toISOString().replace(".000Z", "Z"),
  );
});

test("today ends at midnight where the browser is, also at the end of a month", () => {
  const evening = new Date(2026, 5, 30, 23, 59);

  expect(new Date(untilOf({ end: "today", date: "" }, evening) ?? "")).toEqual(new Date(2026, 6, 1));
});

test("a date that is not complete is no end", () => {
  expect(untilOf({ end: "date", date: "" }, NOW)).toBeUndefined();
  expect(untilOf({ end: "date", date: "2026-99-01T00:00" }, NOW)).toBeUndefined();
});
