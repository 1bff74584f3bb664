// Where the page is. It stands in the part of the address after `#`, because the API serves one page only.

import { parseHash, type Route, toHash } from "./address";
import { state } from "./state";

export const route = state<Route>(parseHash(location.hash));

addEventListener("hashchange", () => {
  route.value = parseHash(location.hash);
});

/** Goes to another place, which the back button of the browser leaves again. */
export function goTo(path: readonly string[], query: Readonly<Record<string, string | null | undefined>> = {}): void {
  location.hash = toHash(path, query);
}

/** Goes to another place that takes the present place's part in the browser's history. */
export function replacePlace(path: readonly string[], query: Readonly<Record<string, string | null>>): void {
  const hash = toHash(path, query);
  history.replaceState(null, "", hash);
  route.value = parseHash(hash);
}

/** Changes fields of the query and keeps the place in the browser's history. Null removes a field. */
export function setQuery(changes: Readonly<Record<string, string | null>>): void {
  const { screen, rest, query } = route.value;
  replacePlace([screen, ...rest], { ...query, ...changes });
}
