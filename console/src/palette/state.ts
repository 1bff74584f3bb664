// What the keyboard opens: the palette or the list of shortcuts. Both are gone with the page.

import { sessionState, state } from "../parts/state";

export const openedPanel = sessionState<"palette" | "shortcuts" | null>(null);

/** Whether shortcuts of one key work. People who dictate turn them off. */
export const singleKeysOn = state(true);
