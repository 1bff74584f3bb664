// What is selected in the list, and what can be done with it.

import { useRef, useState } from "preact/hooks";

import { useAct } from "../parts/act";
import { toHash } from "../parts/address";
import { Problem } from "../parts/small";
import * as texts from "../texts/users";
import { clearSelection, selectAllThatMatch, selection } from "./selection";

interface SelectionBarProps {
  filters: Parameters<typeof selectAllThatMatch>[0];
  /** Whether the list goes on after the page that is shown. */
  hasMore: boolean;
}

export function SelectionBar({ filters, hasMore }: SelectionBarProps) {
  const [found, setFound] = useState(0);
  const stop = useRef<AbortController | null>(null);
  const act = useAct(async () => {
    stop.current = new AbortController();
    setFound(0);
    await selectAllThatMatch(filters, stop.current.signal, setFound);
  });
  const count = selection().length;
  return (
    <div class="selection">
      <span aria-live="polite">
        {act.busy ? texts.selectionReading(found) : count > 0 && texts.selectionCount(count)}
      </span>
      {act.busy && (
        <button type="button" onClick={() => stop.current?.abort()}>
          {texts.selectionStop}
        </button>
      )}
      {hasMore && !act.busy && count > 0 && (
        <button type="button" class="quiet" onClick={() => void act.start()}>
          {texts.selectionAllThatMatch}
        </button>
      )}
      {count > 0 && !act.busy && (
        <>
          <button type="button" class="quiet" onClick={clearSelection}>
            {texts.selectionClear}
          </button>
          <a class="button" href={toHash(["users", "many"])}>
            {texts.selectionChange}
          </a>
        </>
      )}
      {act.problem && <Problem>{act.problem}</Problem>}
    </div>
  );
}
