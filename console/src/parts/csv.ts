// Reading and writing of CSV (RFC 4180), as spreadsheets do it.

export interface CsvLine {
  /** The line of the text on which the record begins, counted from 1. */
  line: number;
  cells: readonly string[];
}

/** A text that is no CSV. */
export class CsvError extends Error {
  override readonly name = "CsvError";

  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

/** Returns the records of a CSV text without empty lines. Throws `CsvError` for a quotation mark in the wrong place. */
export function parseCsv(text: string): CsvLine[] {
  const source = text.replace(/^\uFEFF/u, "").replace(/\r\n?/gu, "\n");
  const separator = findSeparator(source);
  const cell = new RegExp(`"((?:[^"]|"")*)"|([^${separator}\n"]*)`, "uy");
  const lines: CsvLine[] = [];
  let line = 1;
  let start = line;
  let cells: string[] = [];
  for (let at = 0; at <= source.length; ) {
    cell.lastIndex = at;
    const [whole = "", quoted, plain = ""] = cell.exec(source) ?? [];
    cells.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"').trim());
    line += whole.split("\n").length - 1;
    at += whole.length;
    const end = source[at];
    if (end !== undefined && end !== separator && end !== "\n") {
      throw new CsvError(line, "a quotation mark is in the wrong place");
    }
    if (end !== separator) {
      if (cells.some((one) => one !== "")) {
        lines.push({ line: start, cells });
      }
      cells = [];
      line += 1;
      start = line;
    }
    at += 1;
  }
  return lines;
}

/** Spreadsheets write semicolons in many countries, and tabs when cells are copied. */
function findSeparator(source: string): string {
  const [header = ""] = source.replace(/"(?:[^"]|"")*"/gu, "").split("\n", 1);
  return ["\t", ";"].find((one) => header.includes(one)) ?? ",";
}

/** Returns a CSV text. No cell becomes a formula when a spreadsheet opens it. */
export function toCsv(rows: readonly (readonly unknown[])[]): string {
  return rows.map((row) => `${row.map(toCell).join(",")}\r\n`).join("");
}

function toCell(value: unknown): string {
  const text = value === null || value === undefined ? "" : String(value);
  // A spreadsheet runs a cell that begins with one of these. With the apostrophe it shows the text.
  const safe = /^\s*[=+\-@\t\r]/u.test(text) ? `'${text}` : text;
  return /[",;\r\n\t]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
