// Which roles are to be changed: those of the selected users, or those in a CSV that is pasted, dropped or chosen.

import { useId, useState } from "preact/hooks";

import type { Role } from "../../../clients/typescript/rolecall";
import { SelectField } from "../parts/fields";
import { Typed } from "../parts/small";
import * as texts from "../texts/many";
import { NO_TERMS, ROLES, untilOf } from "../users/roles";
import { clearSelection, selection } from "../users/selection";
import { ReasonField, TermsFields } from "../users/terms";
import { type LineProblem, readRows, type Row, rowsOfSelection } from "./rows";

interface SourceProps {
  busy: boolean;
  onDryRun: (rows: readonly Row[], reason: string) => void;
}

export function Source(props: SourceProps) {
  return selection().length > 0 ? <FromSelection {...props} /> : <FromCsv {...props} />;
}

function FromSelection({ busy, onDryRun }: SourceProps) {
  const [role, setRole] = useState<Role>("user");
  const [terms, setTerms] = useState(NO_TERMS);
  const users = selection();
  const submit = (event: Event) => {
    event.preventDefault();
    onDryRun(rowsOfSelection(users, role, untilOf(terms, new Date())), terms.reason.trim());
  };
  return (
    <form onSubmit={submit}>
      <p>
        {texts.sourceSelection(users.length)}:{" "}
        <Typed>
          {users
            .slice(0, 3)
            .map((user) => user.email)
            .join(", ")}
          {users.length > 3 && ", …"}
        </Typed>
      </p>
      <div class="role-form">
        <SelectField
          label={texts.sourceRole}
          options={ROLES.map((one) => [one, one] as const)}
          value={role}
          onValue={(one) => setRole(one as Role)}
        />
        <TermsFields terms={terms} onTerms={setTerms} />
      </div>
      <footer>
        <button type="button" class="quiet" onClick={clearSelection}>
          {texts.sourceUseFile}
        </button>
        <button type="submit" class="primary" aria-disabled={busy}>
          {texts.dryRun}
        </button>
      </footer>
    </form>
  );
}

/** How many problems of a CSV are shown at once. */
const MOST_PROBLEMS = 20;

function FromCsv({ busy, onDryRun }: SourceProps) {
  const id = useId();
  const [text, setText] = useState("");
  const [reason, setReason] = useState("");
  const [problems, setProblems] = useState<readonly LineProblem[] | null>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    const read = readRows(text);
    setProblems(read.rows.length > 0 ? null : read.problems);
    if (read.rows.length > 0) {
      onDryRun(read.rows, reason.trim());
    }
  };
  const take = async (file: File | undefined) => {
    if (file) {
      setText(await file.text());
      setProblems(null);
    }
  };
  const drop = (event: DragEvent) => {
    if (event.dataTransfer?.files.length) {
      event.preventDefault();
      void take(event.dataTransfer.files[0]);
    }
  };
  return (
    <form onSubmit={submit}>
      <div class="field">
        <label for={id}>{texts.sourceCsv}</label>
        <textarea
          id={id}
          class="mono"
          rows={10}
          required
          spellcheck={false}
          placeholder={texts.sourceSample}
          aria-describedby={`${id}-hint`}
          aria-invalid={problems ? true : undefined}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          onDragOver={(event) => event.preventDefault()}
          onDrop={drop}
        />
        <p class="hint" id={`${id}-hint`}>
          {texts.sourceCsvHint}
        </p>
      </div>
      <div class="field">
        <label for={`${id}-file`}>{texts.sourceFile}</label>
        <input
          id={`${id}-file`}
          type="file"
          accept=".csv,text/csv,text/plain"
          onChange={(event) => void take(event.currentTarget.files?.[0])}
        />
      </div>
      <ReasonField reason={reason} onReason={setReason} />
      {problems && <Problems problems={problems} />}
      <footer>
        <button type="submit" class="primary" aria-disabled={busy}>
          {texts.dryRun}
        </button>
      </footer>
    </form>
  );
}

function Problems({ problems }: { problems: readonly LineProblem[] }) {
  const more = problems.length - MOST_PROBLEMS;
  return (
    <div class="problem" role="alert">
      <p>{problems.length > 0 ? texts.problems : texts.nothing}</p>
      <ul>
        {problems.slice(0, MOST_PROBLEMS).map(({ line, text }) => (
          <li key={`${line} ${text}`}>{texts.problem(line, text)}</li>
        ))}
        {more > 0 && <li>{texts.more(more)}</li>}
      </ul>
    </div>
  );
}
