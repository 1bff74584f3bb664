// Why a change of a user did not happen, next to where it was asked for.

import type { Act } from "../parts/act";
import { Problem } from "../parts/small";
import * as texts from "../texts/users";
import { ChangedMeanwhile } from "./acts";

interface RefusalProps {
  act: Pick<Act<never>, "error" | "problem" | "forget">;
  /** The text of the button that makes the change all the same, after it was told that the user changed meanwhile. */
  anyway?: string | undefined;
  onAnyway?: () => void;
}

export function Refusal({ act, anyway, onAnyway }: RefusalProps) {
  const { error, problem, forget } = act;
  if (!(error instanceof ChangedMeanwhile)) {
    return problem && <Problem>{problem}</Problem>;
  }
  return (
    <div class="refusal">
      <Problem>{texts.changedMeanwhile(texts.standing(error.seen), texts.standing(error.now))}</Problem>
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
