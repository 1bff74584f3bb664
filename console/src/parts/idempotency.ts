// Keys that make a request that is sent twice have one effect.

import { useState } from "preact/hooks";

/** Returns a key that is the same for the same body of the request. */
export function useIdempotencyKey(body: unknown): string {
  const content = JSON.stringify(body);
  const [kept, setKept] = useState(() => ({ content, key: crypto.randomUUID() }));
  if (kept.content === content) {
    return kept.key;
  }
  const next = { content, key: crypto.randomUUID() };
  setKept(next);
  return next.key;
}
