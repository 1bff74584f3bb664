// What the keys mean.

import type { Screen } from "../api/session";

/** The second key after `g`, which goes to a screen. */
export const SCREEN_KEYS: Record<Screen, string> = { users: "u", accounts: "c", tenants: "t", audit: "a", webhooks: "w" };

export type Meaning =
  | { action: "palette" | "shortcuts" | "search" | "create" | "wait" }
  | { action: "screen"; screen: Screen };

export interface Press {
  key: string;
  /** Whether Ctrl, or Command on a Mac, is held. */
  ctrl: boolean;
  alt: boolean;
  /** Whether the key goes into a field. */
  typing: boolean;
  /** Whether `g` was pressed just before. */
  afterG: boolean;
  singleKeys: boolean;
}

const ACTS: Readonly<Record<string, "shortcuts" | "search" | "create" | "wait">> = {
  "?": "shortcuts",
  "/": "search",
  n: "create",
  g: "wait",
};

/** Returns what a key means, or null for a key that means nothing here. */
export function meaningOf({ key, ctrl, alt, typing, afterG, singleKeys }: Press): Meaning | null {
  if (ctrl && !alt && key.toLowerCase() === "k") {
    return { action: "palette" };
  }
  if (ctrl || alt || typing || !singleKeys) {
    return null;
  }
  const screen = (Object.keys(SCREEN_KEYS) as Screen[]).find((one) => SCREEN_KEYS[one] === key);
  if (afterG) {
    return screen ? { action: "screen", screen } : null;
  }
  const action = ACTS[key];
  return action ? { action } : null;
}
