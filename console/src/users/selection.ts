// Which users are selected for a change of many. The selection lasts while the filters stay the same.

import { api, dataOf } from "../api/client";
import { sessionState } from "../parts/state";

export interface Selected {
  id: string;
  email: string;
}

const selected = sessionState<ReadonlyMap<string, Selected>>(new Map());

/** The filters under which the users were selected, as a text. */
const selectedUnder = sessionState("");

/** The selected users, in the order in which they were selected. */
export function selection(): readonly Selected[] {
  return [...selected.value.values()];
}

export function isSelected(id: string): boolean {
  return selected.value.has(id);
}

export function toggle(user: Selected): void {
  setSelected([user], !isSelected(user.id));
}

/** Adds the users to the selection, or removes them from it. */
export function setSelected(users: readonly Selected[], on: boolean): void {
  const changed = new Map(selected.value);
  for (const { id, email } of users) {
    if (on) {
      changed.set(id, { id, email });
    } else {
      changed.delete(id);
    }
  }
  selected.value = changed;
}

/** Clears the selection if it was made under other filters. */
export function selectUnder(filters: string): void {
  if (selectedUnder.value !== filters) {
    selectedUnder.value = filters;
    clearSelection();
  }
}

export function clearSelection(): void {
  selected.value = new Map();
}

/** How many users a page has while all that match are read. Their ids and emails are kept, and nothing else. */
const PAGE = 500;

/** Selects all users that match the filters, page by page. Ends early, without an error, if the signal is aborted. */
export async function selectAllThatMatch(
  filters: { email?: string; role?: "admin" | "manager" | "user"; active?: boolean },
  stop: AbortSignal,
  onCount: (count: number) => void,
): Promise<void> {
  const found: Selected[] = [];
  let cursor: string | undefined;
  do {
    const page = await dataOf(
      api.GET("/users", { params: { query: { ...filters, limit: PAGE, ...(cursor && { cursor }) } } }),
    );
    found.push(...page.users);
    cursor = page.next_cursor;
    onCount(found.length);
  } while (cursor && !stop.aborted);
  if (!stop.aborted) {
    setSelected(found, true);
  }
}
