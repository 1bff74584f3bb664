// How a test of a webhook went.

import type { Webhook } from "../../../clients/typescript/rolecall";
import * as texts from "../texts/webhooks";

/** Returns what became of a delivery since the webhook was as `before`, or null if it is still on its way. */
export function outcomeOf(before: Webhook, now: Webhook): string | null {
  const failure = now.last_failure;
  if (failure && failure.at !== before.last_failure?.at) {
    return texts.testingFailed(now.url, failure.error);
  }
  return now.last_delivered_at === before.last_delivered_at ? null : texts.testingDelivered(now.url);
}
