import { expect, test } from "vitest";

import { toStoredEmail } from "../src/parts/emails";

test.each([
  ["Ada@Example.com", "ada@example.com"],
  ["ada@b\u00fccher.example", "ada@xn--bcher-kva.example"],
  ["ADA@B\u00dcCHER.example", "ada@xn--bcher-kva.example"],
  ["ada@bu\u0308cher.example", "ada@xn--bcher-kva.example"],
  ["ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"],
  ["Ada@ no domain", "ada@ no domain"],
  ["Ada@", "ada@"],
])("the email %s is compared as %s", (typed, stored) => {
  expect(toStoredEmail(typed)).toBe(stored);
});
