import { describe, expect, test } from "vitest";

import { type Command, type Found, matchingCommands, offer, splitText, stillFitting } from "../src/palette/offer";

const command = (label: string): Command => ({ id: label, kind: "Action", label, run: () => undefined });
const person = (id: string, email: string): Found => ({
  ...command(email),
  id,
  actions: [command(`Delete ${email}`), command(`Change the role of ${email}`)],
});
const ADA = person("1", "ada@example.com");
const ADAM = person("2", "ada@example.com.br");
const labels = (commands: readonly Command[]) => commands.map(({ label }) => label);

describe("the palette", () => {
  test.each([
    ["ada", { wanted: "ada", verbs: "" }],
    ["Acme  Foods ", { wanted: "Acme  Foods", verbs: "" }],
    [" ada@example.com", { wanted: "ada@example.com", verbs: "" }],
    ["delete ada@example.com", { wanted: "ada@example.com", verbs: "delete" }],
    ["change ada@example.com role", { wanted: "ada@example.com", verbs: "change role" }],
  ])("looks for whom %j names", (text, expected) => {
    expect(splitText(text)).toEqual(expected);
  });

  test("offers the actions of the only one that was found", () => {
    expect(labels(offer([ADA], "ad"))).toEqual([
      "ada@example.com",
      "Delete ada@example.com",
      "Change the role of ada@example.com",
    ]);
  });

  test("offers several people without actions", () => {
    expect(labels(offer([ADA, ADAM], "ada"))).toEqual(["ada@example.com", "ada@example.com.br"]);
  });

  test("offers the actions of the one that is named in full, by email or by id", () => {
    const expected = ["ada@example.com", "ada@example.com.br", "Delete ada@example.com", "Change the role of ada@example.com"];
    expect(labels(offer([ADA, ADAM], "Ada@example.com"))).toEqual(expected);
    expect(labels(offer([ADA, ADAM], "1"))).toEqual(expected);
  });

  test("offers only the actions that the words name", () => {
    expect(labels(offer([ADA, ADAM], "role ada@ex"))).toEqual([
      "Change the role of ada@example.com",
      "Change the role of ada@example.com.br",
    ]);
  });

  test("keeps of earlier results those that still fit", () => {
    expect(stillFitting([ADA, ADAM], "ada@example.com.")).toEqual([ADAM]);
    expect(stillFitting([ADA, ADAM], "2")).toEqual([ADAM]);
    expect(stillFitting([ADA, ADAM], "bob")).toEqual([]);
  });

  test("finds commands by all of their words", () => {
    expect(labels(matchingCommands([command("Sign out"), command("Go to Users")], "TO us"))).toEqual(["Go to Users"]);
  });
});
