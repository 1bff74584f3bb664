import { expect, test } from "vitest";

import { parseHash, toHash } from "../src/parts/address";

test("a hash is the screen, the rest of the path and the query", () => {
  expect(parseHash("#/users/7c2d?role=admin&email=a%2Bb%40c.d")).toEqual({
    screen: "users",
    rest: ["7c2d"],
    query: { role: "admin", email: "a+b@c.d" },
  });
});

test.each(["", "#", "#/"])("%j is no screen", (hash) => {
  expect(parseHash(hash)).toEqual({ screen: "", rest: [], query: {} });
});

test("a hash that is no valid encoding is taken as it is", () => {
  expect(parseHash("#/us%ers").screen).toBe("us%ers");
});

test("a route comes back as it was written, and fields without a value are left out", () => {
  const hash = toHash(["users", "a/b?c"], { email: "ü&=#", role: "", state: null });

  expect(hash).not.toContain("role");
  expect(parseHash(hash)).toEqual({ screen: "users", rest: ["a/b?c"], query: { email: "ü&=#" } });
});
