// The region in which people read and hear the result of what they did, with the button that takes it back.

import { useState } from "preact/hooks";

import * as texts from "../texts/common";
import { sessionState } from "./state";

interface Notice {
  number: number;
  text: string;
  undo: (() => Promise<void>) | null;
}

const notice = sessionState<Notice | null>(null);
let shown = 0;

/** Shows and says the result of an action. `undo` takes the action back, and then shows the result of that. */
export function announce(text: string, undo: (() => Promise<void>) | null = null): void {
  shown += 1;
  notice.value = { number: shown, text, undo };
}

/** Returns how to undo the last action, with its result in words; null if it can't be undone. */
export function undoOfNotice(): { text: string; undo: () => Promise<void> } | null {
  const { text = "", undo } = notice.value ?? {};
  return undo ? { text, undo } : null;
}

/** Removes the result of the last action. */
export function clearNotice(): void {
  notice.value = null;
}

/** Returns the number of the last result. */
export function lastNotice(): number {
  return shown;
}

/** `after` is the number of the last result that is not shown here. */
export function NoticeRegion({ after = 0 }: { after?: number }) {
  const current = notice.value && notice.value.number > after ? notice.value : null;
  return (
    <div class={current ? "notice" : "notice notice-empty"}>
      <div role="status">{current && <span key={current.number}>{current.text}</span>}</div>
      {current?.undo && <UndoButton key={current.number} undo={current.undo} />}
      {current && (
        <button type="button" class="quiet icon" aria-label={texts.noticeDismiss} onClick={clearNotice}>
          ✕
        </button>
      )}
    </div>
  );
}

function UndoButton({ undo }: { undo: () => Promise<void> }) {
  const [busy, setBusy] = useState(false);
  const start = () => {
    setBusy(true);
    void undo();
  };
  return (
    <button type="button" aria-disabled={busy} onClick={busy ? undefined : start}>
      {texts.noticeUndo}
    </button>
  );
}
