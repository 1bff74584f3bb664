// Which dialog about a tenant is open.

import type { ListedTenant } from "../../../clients/typescript/rolecall";
import { sessionState } from "../parts/state";

export const STATUSES = ["active", "scheduled", "deleting"] as const;

/** Which list the API has the tenant in. */
export type Status = (typeof STATUSES)[number];

export interface Opened {
  what: "details" | "delete" | "progress";
  tenant: ListedTenant;
  status: Status;
}

export const opened = sessionState<Opened | null>(null);
