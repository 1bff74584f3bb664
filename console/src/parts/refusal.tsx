// Why a change did not happen, next to where it was asked for.

import * as texts from "../texts/common";
import type { Action } from "./action";
import { ChangedMeanwhile } from "./changes";
import { Problem } from "./small";

interface RefusalProps {
  action: Pick<Action<never>, "error" | "problem" | "forget">;
  /** The text of the button that makes the change all the same, after it was told what changed meanwhile. */
  anyway?: string | undefined;
  onAnyway?: () => void;
}

export function Refusal({ action, anyway, onAnyway }: RefusalProps) {
  const { error, problem, forget } = action;
  if (!(error instanceof ChangedMeanwhile)) {
    return problem && <Problem>{problem}</Problem>;
  }
  return (
    <div class="refusal">
      <Problem>{texts.changedMeanwhile(error.seen, error.now)}</Problem>
      {anyway && (
        <button type="button" onClick={onAnyway}>
          {anyway}
        </button>
      )}
      <button type="button" class="quiet" onClick={forget}>
        {texts.leave}
      </button>
    </div>
  );
}
