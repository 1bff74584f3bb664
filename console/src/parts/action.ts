// The state of an action that somebody started: whether it runs, and why it was refused.

import { useRef, useState } from "preact/hooks";

import { ApiError, describeError, SIGNED_OUT } from "../api/errors";

export interface Action<Args extends unknown[]> {
  busy: boolean;
  /** Why it was refused the last time, in words. */
  problem: string | null;
  error: unknown;
  /** Starts the action, unless it runs already. */
  start: (...args: Args) => Promise<void>;
  forget: () => void;
}

/** Runs an action once at a time and keeps why it was refused. */
export function useAction<Args extends unknown[]>(action: (...args: Args) => Promise<void>): Action<Args> {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const running = useRef(false);
  const start = async (...args: Args) => {
    if (running.current) {
      return;
    }
    running.current = true;
    setBusy(true);
    setError(null);
    try {
      await action(...args);
    } catch (refusal) {
      if (!(refusal instanceof ApiError && refusal.code === SIGNED_OUT)) {
        setError(refusal);
      }
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { busy, error, problem: error === null ? null : describeError(error), start, forget: () => setError(null) };
}
