// The end and the reason of a change.

import { SelectField, TextField } from "../parts/fields";
import * as texts from "../texts/users";
import type { EndChoice, Terms } from "./roles";

/** The most characters of a reason that the API takes. */
export const MOST_OF_REASON = 500;

const ENDS = Object.entries(texts.termsEnds);

interface TermsFieldsProps {
  terms: Terms;
  onTerms: (terms: Terms) => void;
}

export function TermsFields({ terms, onTerms }: TermsFieldsProps) {
  return (
    <div class="terms">
      <SelectField
        label={texts.termsEnd}
        options={ENDS}
        value={terms.end}
        onValue={(end) => onTerms({ ...terms, end: end as EndChoice })}
      />
      {terms.end === "date" && (
        <TextField
          label={texts.termsDate}
          type="datetime-local"
          required
          value={terms.date}
          onValue={(date) => onTerms({ ...terms, date })}
        />
      )}
      <ReasonField reason={terms.reason} onReason={(reason) => onTerms({ ...terms, reason })} />
    </div>
  );
}

export function ReasonField({ reason, onReason }: { reason: string; onReason: (reason: string) => void }) {
  return (
    <TextField label={texts.termsReason} optional maxLength={MOST_OF_REASON} value={reason} onValue={onReason} />
  );
}

/** The end and reason for every role that is changed in the list. They are closed at first, and say what is set. */
export function TermsOfList({ terms, onTerms }: TermsFieldsProps) {
  const set = texts.termsActive(terms.end && texts.termsEnds[terms.end], terms.reason.trim());
  return (
    <details class="terms-of-list">
      <summary>
        {texts.termsSummary}: <span class={set ? "set" : "muted"}>{set || texts.termsNone}</span>
      </summary>
      <TermsFields terms={terms} onTerms={onTerms} />
    </details>
  );
}
