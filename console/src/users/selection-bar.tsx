// What is selected in the list, and what can be done with it.

import { useRef, useState } from "preact/hooks";

import { useAction } from "../parts/action";
import { toHash } from "../parts/address";
import { Problem } from "../parts/small";
import * as texts from "../texts/users";
import { clearSelection, selectAllThatMatch, selection } from "./selection";

interface SelectionBarProps {
  filters: Parameters<typeof selectAllThatMatch>[0];
  /** Whether the list has more users after the page that is shown. */
  hasMore: boolean;
}

export function SelectionBar({ filters, hasMore }: SelectionBarProps) {
  const [found, setFound] = useState(0);
  const stop = useRef<AbortController | null>(null);
  const action = useAction(async () => {
    stop.current = new AbortController();
    setFound(0);
    await selectAllThatMatch(filters, stop.current.signal, setFound);
  });
  const count = selection().length;
  return (
    <div class="selection">
      <span aria-live="polite">
        {action.busy ? texts.selectionReading(found) : count > 0 && texts.selectionCount(count)}
      </span>
      {action.busy && (
        <button type="button" onClick={() => stop.current?.abort()}>
          {texts.selectionStop}
        </button>
      )}
      {hasMore && !action.busy && count > 0 && (
        <button type="button" class="quiet" onClick={() => void action.start()}>
          {texts.selectionAllThatMatch}
        </button>
      )}
      {count > 0 && !action.busy && (
        <>
          <button type="button" class="quiet" onClick={clearSelection}>
            {texts.selectionClear}
          </button>
          <a class="button" href={toHash(["users", "many"])}>
            {texts.selectionChange}
          </a>
        </>
      )}
      {action.problem && <Problem>{action.problem}</Problem>}
    </div>
  );
}
