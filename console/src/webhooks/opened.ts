// Which dialog about a webhook is open, and which webhooks are being tested.

import type { Webhook } from "../../../clients/typescript/rolecall";
import { sessionState } from "../parts/state";

export interface Opened {
  what: "rotate" | "delete";
  webhook: Webhook;
}

export const opened = sessionState<Opened | null>(null);

/** The webhooks whose test has no result yet, as they were before the test, by id. */
export const webhooksBeforeTest = sessionState<Readonly<Record<string, Webhook | undefined>>>({});

/** Remembers the webhook as it was before its test was sent. `undefined` says that the test has its result. */
export function setWebhookBeforeTest(id: string, before: Webhook | undefined): void {
  webhooksBeforeTest.value = { ...webhooksBeforeTest.value, [id]: before };
}
