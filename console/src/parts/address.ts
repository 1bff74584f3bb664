// The part of the address after `#`, such as `#/users?role=admin`, as text and as fields.

export interface Route {
  /** The first part of the path: the screen, or an empty text. */
  screen: string;
  /** The other parts of the path. */
  rest: readonly string[];
  query: Readonly<Record<string, string>>;
}

/** Returns the route of a hash such as `#/users?role=admin`. */
export function parseHash(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#?\/?/u, "").split("?", 2);
  const [screen = "", ...rest] = path.split("/").map(decode);
  return { screen, rest, query: Object.fromEntries(new URLSearchParams(query)) };
}

/** Returns the hash of a route. Fields of the query without a value are left out. */
export function toHash(path: readonly string[], query: Readonly<Record<string, string | null | undefined>> = {}): string {
  const set = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const search = new URLSearchParams(set).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${search && `?${search}`}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
