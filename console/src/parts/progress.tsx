// How far a long action is.

import { useId } from "preact/hooks";

interface ProgressProps {
  label: string;
  /** What is done, of `total`. Null while nobody knows. */
  done: number | null;
  total: number;
  text?: string;
}

export function Progress({ label, done, total, text }: ProgressProps) {
  const id = useId();
  return (
    <div class="progress">
      <span id={id}>{label}</span>
      <progress aria-labelledby={id} max={total} value={done ?? undefined} />
      {text && <span class="muted">{text}</span>}
    </div>
  );
}
