// Which dialog about an account is open.

import type { Account, PlatformRole } from "../../../clients/typescript/rolecall";
import { sessionState } from "../parts/state";

export type StateAction = "ban" | "unban" | "enable" | "disable";

/** `role` is the role that was chosen for the account. */
export type Opened = { account: Account } & (
  | { what: "account" | "history" | "password" | StateAction }
  | { what: "role"; role: PlatformRole }
);

export const opened = sessionState<Opened | null>(null);

export function closeDialog(): void {
  opened.value = null;
}
