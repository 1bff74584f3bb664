// What the keyboard opens: the palette or the list of shortcuts. Both are gone with the page.

import { signal } from "@preact/signals";

export const openedPanel = signal<"palette" | "shortcuts" | null>(null);

/** Whether shortcuts of one key work. People who dictate turn them off. */
export const singleKeysOn = signal(true);
