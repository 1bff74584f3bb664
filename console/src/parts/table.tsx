// A table whose rows become blocks on a phone. Each element names its ARIA role, because a browser that lays a table out
// as blocks no longer reads it out as a table.

import type { ComponentChildren } from "preact";

interface TableProps {
  /** The names of the columns. */
  columns: readonly string[];
  /** The name of the last column, which has buttons. It is only read out. */
  actions?: string;
  children: ComponentChildren;
}

export function Table({ columns, actions, children }: TableProps) {
  return (
    <table role="table" class="stacked">
      <thead role="rowgroup">
        <Row>
          {columns.map((name) => (
            <th key={name} role="columnheader" scope="col">
              {name}
            </th>
          ))}
          {actions && (
            <th role="columnheader" scope="col">
              <span class="unseen">{actions}</span>
            </th>
          )}
        </Row>
      </thead>
      <tbody role="rowgroup">{children}</tbody>
    </table>
  );
}

export function Row({ children }: { children: ComponentChildren }) {
  return <tr role="row">{children}</tr>;
}

/** The cell that names its row. */
export function RowHead({ children }: { children: ComponentChildren }) {
  return (
    <th role="rowheader" scope="row">
      {children}
    </th>
  );
}

interface CellProps {
  /** The name of the column. It stands before the content where the row is a block. */
  of?: string;
  class?: string;
  children: ComponentChildren;
}

export function Cell({ of, class: name, children }: CellProps) {
  return (
    <td role="cell" class={name} data-label={of}>
      {children}
    </td>
  );
}

/** The cell with the buttons of a row. */
export function ActionsCell({ children }: { children: ComponentChildren }) {
  return <Cell class="row-actions">{children}</Cell>;
}
