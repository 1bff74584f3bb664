import { describe, expect, test } from "vitest";

import type { Webhook } from "../../clients/typescript/rolecall";
import { outcomeOf } from "../src/webhooks/outcome";

const BEFORE: Webhook = {
  id: "0190163d-8694-739b-aea5-966c26f8ad91",
  url: "https://example.com/hook",
  user_id: null,
  status: "failing",
  created_at: "2026-06-15T12:00:00Z",
  last_delivered_at: "2026-06-15T12:00:00Z",
  last_failure: { at: "2026-06-15T13:00:00Z", error: "timeout" },
};

describe("the outcome of a test", () => {
  test("is unknown as long as the webhook is as it was", () => {
    expect(outcomeOf(BEFORE, { ...BEFORE })).toBeNull();
  });

  test("is a success after a later delivery", () => {
    const now = { ...BEFORE, last_delivered_at: "2026-06-15T14:00:00Z", last_failure: null };
    expect(outcomeOf(BEFORE, now)).toBe("https://example.com/hook has received a delivery.");
  });

  test("is a failure after a later failure, with the status of the answer", () => {
    const now = { ...BEFORE, last_failure: { at: "2026-06-15T14:00:00Z", error: "HTTP 503" } };
    expect(outcomeOf(BEFORE, now)).toBe("The delivery to https://example.com/hook failed: HTTP 503.");
  });
});
