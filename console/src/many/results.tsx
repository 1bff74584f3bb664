// The table of what would happen, or of what happened, row by row.

import { asSentence } from "../api/errors";
import { Badge, Moment, Typed } from "../parts/small";
import * as texts from "../texts/many";
import { refusedFirst } from "./outcomes";
import type { Done } from "./rows";

/** The most rows that the table shows. All of them are in the file that can be saved. */
const MOST_SHOWN = 200;

const TONES = { changed: "good", unchanged: "plain", refused: "bad", not_tried: "warn" } as const;

export function ResultTable({ done, dryRun }: { done: readonly Done[]; dryRun: boolean }) {
  const isLong = done.length > MOST_SHOWN;
  const shown = isLong ? refusedFirst(done).slice(0, MOST_SHOWN) : done;
  return (
    <>
      {isLong && <p class="hint">{texts.shown(shown.length, done.length)}</p>}
      <div class="table-frame">
        <table class="stacked">
          <thead>
            <tr>
              <th scope="col" class="number">
                {texts.columnsLine}
              </th>
              <th scope="col">{texts.columnsEmail}</th>
              <th scope="col">{texts.columnsRole}</th>
              <th scope="col">{texts.columnsOutcome}</th>
              <th scope="col">{texts.columnsWhy}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ row, result }) => (
              <tr key={row.line}>
                <td class="number" data-label={texts.columnsLine}>{row.line}</td>
                <th scope="row">
                  <Typed>{row.email}</Typed>
                </th>
                <td data-label={texts.columnsRole}>
                  {result.old_role && result.old_role !== result.new_role && `${result.old_role} → `}
                  {result.new_role}
                  {result.until && (
                    <span class="until">
                      until <Moment at={result.until} />
                    </span>
                  )}
                </td>
                <td data-label={texts.columnsOutcome}>
                  <Badge tone={TONES[result.outcome]}>{(dryRun ? texts.would : texts.did)[result.outcome]}</Badge>
                </td>
                <td data-label={texts.columnsWhy}>{result.error && asSentence(result.error)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
