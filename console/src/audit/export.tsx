// The export of the entries that fit the filters, as CSV.

import { useEffect, useRef, useState } from "preact/hooks";

import { useAction } from "../parts/action";
import { toCsv } from "../parts/csv";
import { saveFile } from "../parts/download";
import { announce } from "../parts/notice";
import { Problem } from "../parts/small";
import { sessionState } from "../parts/state";
import * as texts from "../texts/audit";
import { toRow } from "./entries";
import { readPage } from "./page";

/** The most entries that the API returns at once. */
const SIZE = 1000;

/** Whether somebody asked elsewhere for the export. It starts as soon as the screen is there. */
const isWanted = sessionState(false);

export function askForExport(): void {
  isWanted.value = true;
}

export function ExportButton({ filters }: { filters: Record<string, string> }) {
  const [count, setCount] = useState(0);
  const stop = useRef(new AbortController());
  const action = useAction(async () => {
    stop.current = new AbortController();
    setCount(0);
    const rows = await readAll(filters, stop.current.signal, setCount);
    if (!stop.current.signal.aborted) {
      saveFile("audit.csv", toCsv([texts.exportColumns, ...rows]), "text/csv");
      announce(texts.exportDone(rows.length));
    }
  });
  useEffect(() => {
    if (isWanted.value) {
      isWanted.value = false;
      void action.start();
    }
  });
  return (
    <>
      {action.problem && <Problem>{action.problem}</Problem>}
      <span class="muted" role="status">
        {action.busy && texts.exportBusy(count)}
      </span>
      <button type="button" onClick={() => (action.busy ? stop.current.abort() : void action.start())}>
        {action.busy ? texts.exportStop : texts.exportStart}
      </button>
    </>
  );
}

/** Reads the entries page by page, until the last page or until it is stopped. `onCount` hears how many there are. */
async function readAll(
  filters: Record<string, string>,
  signal: AbortSignal,
  onCount: (count: number) => void,
): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  let cursor: string | undefined;
  do {
    // The signal is not passed on: a stopped page would be an error to show.
    const page = await readPage({ ...filters, limit: SIZE }, cursor, new AbortController().signal);
    rows.push(...page.entries.map(toRow));
    onCount(rows.length);
    cursor = page.next_cursor;
  } while (cursor && !signal.aborted);
  return rows;
}
