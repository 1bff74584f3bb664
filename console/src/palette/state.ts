// What opens over any screen: the palette, the list of shortcuts, the change of the own password.

import { sessionState, state } from "../parts/state";

export const openedPanel = sessionState<"palette" | "shortcuts" | "password" | null>(null);

export function closePanel(): void {
  openedPanel.value = null;
}

/** Whether shortcuts of one key work. People who dictate turn them off. */
export const singleKeysOn = state(true);
