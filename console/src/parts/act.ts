// The state of an act that somebody started: whether it runs, and why it was refused.

import { useRef, useState } from "preact/hooks";

import { ApiError, describeError, SIGNED_OUT } from "../api/errors";

export interface Act<Args extends unknown[]> {
  busy: boolean;
  /** Why it was refused the last time, in words. */
  problem: string | null;
  error: unknown;
  /** Starts the act, unless it runs already. */
  start: (...args: Args) => Promise<void>;
  forget: () => void;
}

/** Runs an act once at a time and keeps why it was refused. */
export function useAct<Args extends unknown[]>(act: (...args: Args) => Promise<void>): Act<Args> {
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
      await act(...args);
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
