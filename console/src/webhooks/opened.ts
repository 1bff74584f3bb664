// Which dialog about a webhook is open, and which webhooks are being tested.

import type { Webhook } from "../../../clients/typescript/rolecall";
import { sessionState } from "../parts/state";

export interface Opened {
  what: "rotate" | "delete";
  webhook: Webhook;
}

export const opened = sessionState<Opened | null>(null);

/** The webhooks to which a test is on its way, as they were before, by id. */
export const runningTests = sessionState<Readonly<Record<string, Webhook | undefined>>>({});

/** Remembers that a test of the webhook is on its way, with the webhook as it was `before`; undefined forgets the test. */
export function setRunningTest(id: string, before: Webhook | undefined): void {
  runningTests.value = { ...runningTests.value, [id]: before };
}
