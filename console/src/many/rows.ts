// The rows of a change of many roles: read from a CSV or made from a selection, and cut into requests.

import type { Change, ChangeResult, Role } from "../../../clients/typescript/rolecall";
import { CsvError, parseCsv, toCsv } from "../parts/csv";
import * as texts from "../texts/many";
import { ROLES } from "../users/roles";

export interface Row {
  /** The line of the text from which the row was read, or its number in the selection. */
  line: number;
  email: string;
  change: Change;
}

/** A row with what the API says about it. */
export interface Done {
  row: Row;
  result: ChangeResult;
}

export interface LineProblem {
  line: number;
  text: string;
}

const REQUIRED = ["email", "new_role"];
const OPTIONAL = ["until", "reason"];
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/u;

/** Returns the rows of a CSV text with a line of names, or all that is wrong with it. */
export function readRows(text: string): { rows: Row[]; problems: LineProblem[] } {
  let lines: ReturnType<typeof parseCsv>;
  try {
    lines = parseCsv(text);
  } catch (error) {
    return { rows: [], problems: [{ line: error instanceof CsvError ? error.line : 1, text: texts.rowsNotCsv }] };
  }
  const [head, ...records] = lines;
  if (!head) {
    return { rows: [], problems: [] };
  }
  const names = head.cells.map((name) => name.toLowerCase());
  const problems = problemsOfHead(names).map((problem) => ({ line: head.line, text: problem }));
  if (problems.length > 0) {
    return { rows: [], problems };
  }
  const rows: Row[] = [];
  const firstLines = new Map<string, number>();
  for (const { line, cells } of records) {
    const fields = Object.fromEntries(names.map((name, index) => [name, cells[index] ?? ""]));
    const found = problemsOfRecord(fields, cells.length, names.length);
    const email = (fields["email"] ?? "").toLowerCase();
    const earlier = firstLines.get(email);
    if (earlier !== undefined && email) {
      found.push(texts.rowsRepeated(fields["email"] ?? "", earlier));
    }
    firstLines.set(email, earlier ?? line);
    problems.push(...found.map((problem) => ({ line, text: problem })));
    rows.push({ line, email: fields["email"] ?? "", change: toChange(fields) });
  }
  return problems.length > 0 ? { rows: [], problems } : { rows, problems };
}

function problemsOfHead(names: readonly string[]): string[] {
  return [
    ...REQUIRED.filter((name) => !names.includes(name)).map(texts.rowsMissing),
    ...names.filter((name) => ![...REQUIRED, ...OPTIONAL].includes(name)).map(texts.rowsUnknown),
    ...names.filter((name, index) => name && names.indexOf(name) < index).map(texts.rowsTwice),
  ];
}

function problemsOfRecord(fields: Record<string, string>, width: number, expected: number): string[] {
  if (width !== expected) {
    return [texts.rowsWidth(width, expected)];
  }
  const { email = "", new_role: role = "", until = "" } = fields;
  return [
    ...(email ? [] : [texts.rowsNoEmail]),
    ...(ROLES.includes(role as Role) ? [] : [texts.rowsRole(role)]),
    ...(until && !RFC3339.test(until) ? [texts.rowsUntil(until)] : []),
  ];
}

/** Returns the record as the API takes it. Empty cells are left out. */
function toChange(fields: Record<string, string>): Change {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== "")) as unknown as Change;
}

/** Returns a row for each selected user. */
export function rowsOfSelection(
  selected: readonly { id: string; email: string }[],
  role: Role,
  until: string | undefined,
): Row[] {
  return selected.map(({ id, email }, index) => ({
    line: index + 1,
    email,
    change: { user_id: id, new_role: role, ...(until && { until }) },
  }));
}

/** The most bytes of a part. The API takes 64 KiB, and the part also has a reason for all rows. */
const MOST_BYTES = 60_000;

const encoder = new TextEncoder();

/** Returns the rows in parts of at most `most`, each small enough for one request. */
export function cutIntoParts(rows: readonly Row[], most: number): Row[][] {
  const parts: Row[][] = [];
  let bytes = 0;
  for (const row of rows) {
    const more = encoder.encode(JSON.stringify(row.change)).length + 1;
    const last = parts.at(-1);
    if (last && last.length < most && bytes + more <= MOST_BYTES) {
      last.push(row);
      bytes += more;
    } else {
      parts.push([row]);
      bytes = more;
    }
  }
  return parts;
}

/** Returns the results as CSV. The rows that were not changed can be corrected and sent again. */
export function resultsToCsv(done: readonly Done[]): string {
  return toCsv([
    ["line", "email", "old_role", "new_role", "until", "outcome", "error_code", "error"],
    ...done.map(({ row, result }) => [
      row.line,
      row.email,
      result.old_role,
      result.new_role,
      result.until,
      result.outcome,
      result.error_code,
      result.error,
    ]),
  ]);
}
