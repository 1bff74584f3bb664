// The change of many roles: what is to be changed, the dry run, the run, and the result of each row.

import { useEffect, useRef, useState } from "preact/hooks";

import { queryClient } from "../api/queries";
import { useAction } from "../parts/action";
import { toHash } from "../parts/address";
import { saveFile } from "../parts/download";
import { announce, clearNotice } from "../parts/notice";
import { Progress } from "../parts/progress";
import { Problem } from "../parts/small";
import * as common from "../texts/common";
import * as texts from "../texts/many";
import { clearSelection } from "../users/selection";
import { summarize } from "./outcomes";
import { ResultTable } from "./results";
import { type Done, resultsToCsv, type Row } from "./rows";
import { sendRows } from "./send";
import { Source } from "./source";

interface Report {
  dryRun: boolean;
  total: number;
  done: readonly Done[];
}

export function ManyPage() {
  const [report, setReport] = useState<Report | null>(null);
  const [reason, setReason] = useState("");
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);

  const action = useAction(async (rows: readonly Row[], reasonForAll: string, dryRun: boolean) => {
    stop.current = new AbortController();
    clearNotice();
    setReason(reasonForAll);
    let last: readonly Done[] = [];
    setReport({ dryRun, total: rows.length, done: last });
    try {
      await sendRows({
        rows,
        reason: reasonForAll,
        dryRun,
        stop: stop.current.signal,
        onDone: (done) => {
          last = done;
          setReport({ dryRun, total: rows.length, done });
        },
      });
    } finally {
      announce(summarize(last, dryRun));
      if (!dryRun) {
        clearSelection();
        // Lists that were read before show the old roles.
        queryClient.removeQueries({ queryKey: ["users"] });
      }
    }
  });
  const startOver = () => {
    action.forget();
    setReport(null);
  };
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>{common.screens.users}</h1>
        <a class="button" href={toHash(["users"])}>
          {texts.back}
        </a>
      </header>
      <section class="card many" aria-label={texts.title}>
        <h2 tabIndex={-1}>{texts.title}</h2>
        {report ? (
          <ReportView
            report={report}
            busy={action.busy}
            onRun={(rows) => void action.start(rows, reason, false)}
            onStop={() => stop.current.abort()}
            onStartOver={startOver}
          />
        ) : null}
        {action.problem && <Problem>{action.problem}</Problem>}
        <div hidden={report !== null}>
          <Source busy={action.busy} onDryRun={(rows, reasonForAll) => void action.start(rows, reasonForAll, true)} />
        </div>
      </section>
    </>
  );
}

interface ReportViewProps {
  report: Report;
  busy: boolean;
  onRun: (rows: readonly Row[]) => void;
  onStop: () => void;
  onStartOver: () => void;
}

function ReportView({ report, busy, onRun, onStop, onStartOver }: ReportViewProps) {
  const { dryRun, total, done } = report;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [dryRun]);
  const wanted = dryRun ? done.filter(({ result }) => result.outcome === "changed").map(({ row }) => row) : [];
  return (
    <>
      <h3 ref={heading} tabIndex={-1}>
        {dryRun ? texts.wouldTitle : texts.didTitle}
      </h3>
      {busy && (
        <div class="running">
          <Progress
            label={dryRun ? texts.checking : texts.changing}
            done={done.length}
            total={total}
            text={texts.progress(done.length, total)}
          />
          <button type="button" onClick={onStop}>
            {texts.stop}
          </button>
        </div>
      )}
      <p>{summarize(done, dryRun)}</p>
      {dryRun && total > 100 && <p class="hint">{texts.parts}</p>}
      <ResultTable done={done} dryRun={dryRun} />
      {!busy && (
        <footer class="actions">
          <button type="button" onClick={onStartOver}>
            {texts.startOver}
          </button>
          <button type="button" onClick={() => saveFile(texts.file, resultsToCsv(done), "text/csv")}>
            {texts.save}
          </button>
          {wanted.length > 0 && (
            <button type="button" class="primary" onClick={() => onRun(wanted)}>
              {texts.run(wanted.length)}
            </button>
          )}
        </footer>
      )}
    </>
  );
}
