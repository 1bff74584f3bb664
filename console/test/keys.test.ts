import { describe, expect, test } from "vitest";

import { meaningOf, type Press } from "../src/palette/keys";

const PRESS: Press = { key: "", ctrl: false, alt: false, typing: false, afterG: false, singleKeys: true };

describe("keys", () => {
  test.each([
    ["?", { action: "shortcuts" }],
    ["/", { action: "search" }],
    ["n", { action: "create" }],
    ["g", { action: "wait" }],
    ["u", null],
  ])("%s", (key, meaning) => {
    expect(meaningOf({ ...PRESS, key })).toEqual(meaning);
  });

  test("after g a key names a screen, and others mean nothing", () => {
    expect(meaningOf({ ...PRESS, key: "a", afterG: true })).toEqual({ action: "screen", screen: "audit" });
    expect(meaningOf({ ...PRESS, key: "n", afterG: true })).toBeNull();
  });

  test("in a field, with Alt, or turned off, a single key means nothing", () => {
    expect(meaningOf({ ...PRESS, key: "?", typing: true })).toBeNull();
    expect(meaningOf({ ...PRESS, key: "?", alt: true })).toBeNull();
    expect(meaningOf({ ...PRESS, key: "?", singleKeys: false })).toBeNull();
  });

  test("Ctrl K opens the palette, also from a field and with single keys turned off", () => {
    expect(meaningOf({ ...PRESS, key: "K", ctrl: true, typing: true, singleKeys: false })).toEqual({ action: "palette" });
  });
});
