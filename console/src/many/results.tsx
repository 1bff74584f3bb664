// The table of what would happen, or of what happened, row by row.

import { asSentence } from "../api/errors";
import { Badge, Moment, Typed } from "../parts/small";
import { Cell, Row, RowHead, Table } from "../parts/table";
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
        <Table columns={[texts.columnsLine, texts.columnsEmail, texts.columnsRole, texts.columnsOutcome, texts.columnsWhy]}>
          {shown.map(({ row, result }) => (
            <Row key={row.line}>
              <Cell of={texts.columnsLine} class="number">
                {row.line}
              </Cell>
              <RowHead>
                <Typed>{row.email}</Typed>
              </RowHead>
              <Cell of={texts.columnsRole}>
                {result.old_role && result.old_role !== result.new_role && `${result.old_role} → `}
                {result.new_role}
                {result.until && (
                  <span class="until">
                    until <Moment at={result.until} />
                  </span>
                )}
              </Cell>
              <Cell of={texts.columnsOutcome}>
                <Badge tone={TONES[result.outcome]}>{(dryRun ? texts.would : texts.did)[result.outcome]}</Badge>
              </Cell>
              <Cell of={texts.columnsWhy}>{result.error && asSentence(result.error)}</Cell>
            </Row>
          ))}
        </Table>
      </div>
    </>
  );
}
