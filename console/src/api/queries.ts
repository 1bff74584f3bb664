// The cache of what was read, and when a read is tried again.

import { QueryClient } from "@tanstack/query-core";

import { ApiError } from "./errors";

const MOST_RETRIES = 3;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // A list that changes by itself while somebody works in it is worse than one that is a moment old.
      refetchOnWindowFocus: false,
      retry: (failures, error) => error instanceof ApiError && error.isTemporary && failures < MOST_RETRIES,
      retryDelay: (failures, error) => waitBeforeRetry(failures, error),
    },
  },
});

/** Returns the milliseconds until the next try: as long as the API says, else twice as long each time. */
export function waitBeforeRetry(failures: number, error: unknown): number {
  const asked = error instanceof ApiError ? error.retryAfter : null;
  return asked === null ? 500 * 2 ** failures : Math.min(asked, 30) * 1000;
}

/** How many rows a page of a list has. */
export const PAGE_SIZE = 50;

/** Returns the key under which a page of a list is kept. The first page has no cursor. */
export function pageKey(list: string, filters: object, cursor?: string): readonly unknown[] {
  return [list, filters, cursor];
}
