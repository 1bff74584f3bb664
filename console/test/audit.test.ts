import { describe, expect, test } from "vitest";

import { actionText, changesOf, namesById, targetName, toApiFilters, toRow } from "../src/audit/entries";
import { toCsv } from "../src/parts/csv";
import * as texts from "../src/texts/audit";

const ENTRY = {
  id: "e1",
  action: "promote_user",
  outcome: "succeeded" as const,
  actor: { type: "user" as const, id: "ana", email: "ana@example.com" },
  target: { type: "user" as const, id: "7c2d1e3f-9a8b-4c10-b2d3-e4f5a6b7c8d9" },
  before: { active: true, role: "user" },
  after: { active: true, role: "manager" },
  reason: "=1+1",
  request_id: "r1",
  ip: "198.51.100.7",
  timestamp: "2026-06-15T12:00:00Z",
};

describe("what an entry changed", () => {
  test("only fields that differ are listed", () => {
    expect(changesOf(ENTRY)).toEqual([{ field: "role", before: "user", after: "manager" }]);
  });

  test("the role comes first, and a missing side is null", () => {
    const changes = changesOf({ before: null, after: { email: "a@example.com", role: "user" } });
    expect(changes.map(({ field, before }) => [field, before])).toEqual([
      ["role", null],
      ["email", null],
    ]);
  });

  test("an entry without values changes nothing", () => {
    expect(changesOf({ before: null, after: null })).toEqual([]);
  });
});

test("an action that the page does not know is shown by its name", () => {
  expect(actionText("test_webhook")).toBe("test webhook");
  expect(actionText("create_user")).toBe(texts.actions["create_user"]);
});

test("a target is named by the newest email that the entries know", () => {
  const created = { ...ENTRY, before: null, after: { email: "elisa@example.com" } };
  const renamed = { ...ENTRY, before: { email: "elisa@example.com" }, after: { email: "elisa.m@example.com" } };

  expect(targetName(ENTRY, namesById([ENTRY, renamed, created]))).toBe("elisa.m@example.com");
  expect(targetName(ENTRY, namesById([ENTRY]))).toBe("user 7c2d1e3f…");
});

test("a row of the export has a cell for each column, and none is a formula", () => {
  const row = toRow(ENTRY);

  expect(row).toHaveLength(texts.exportColumns.length);
  expect(toCsv([row])).toContain(",'=1+1,");
});

describe("filters of the address", () => {
  test("a day begins at its first and ends at its last second", () => {
    const filters = toApiFilters({ from: "2026-06-15", to: "2026-06-15" });
    const [from, to] = [new Date(filters["from"] ?? ""), new Date(filters["to"] ?? "")];

    expect([from.getHours(), from.getMinutes(), from.getDate()]).toEqual([0, 0, 15]);
    expect(to.getTime() - from.getTime()).toBe(24 * 60 * 60 * 1000 - 1000);
    expect(filters["from"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:00:00Z$/u);
  });

  test("a tenant is sent by the name that the API has for it, and what is no filter is left out", () => {
    expect(toApiFilters({ tenant: "t1", action: "", from: "never", do: "create" })).toEqual({ tenant_id: "t1" });
  });
});
