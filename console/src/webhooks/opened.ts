// Which dialog about a webhook is open, and which webhook is being tested.

import type { Webhook } from "../../../clients/typescript/rolecall";
import { sessionState } from "../parts/state";

export interface Opened {
  what: "rotate" | "delete";
  webhook: Webhook;
}

export const opened = sessionState<Opened | null>(null);

/** The webhooks to which a test is on its way, as they were before, by id. */
export const tested = sessionState<Readonly<Record<string, Webhook | undefined>>>({});

/** Follows a test of the webhook, or no longer. */
export function setTested(id: string, before: Webhook | undefined): void {
  tested.value = { ...tested.value, [id]: before };
}
