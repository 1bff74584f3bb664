import { expect, test } from "vitest";

import { CsvError, parseCsv, toCsv } from "../src/parts/csv";

const cellsOf = (text: string) => parseCsv(text).map((one) => one.cells);

test("lines end in any way, empty lines are left out, and a byte order mark is no text", () => {
  expect(parseCsv("\uFEFFa,b\r\n\r\n1,2\r3,4\n")).toEqual([
    { line: 1, cells: ["a", "b"] },
    { line: 3, cells: ["1", "2"] },
    { line: 4, cells: ["3", "4"] },
  ]);
});

test("a quoted cell keeps separators, quotation marks and line breaks, and the next record has its own line", () => {
  expect(parseCsv('a,"b ""c"", d\ne"\nf,g')).toEqual([
    { line: 1, cells: ["a", 'b "c", d\ne'] },
    { line: 3, cells: ["f", "g"] },
  ]);
});

test.each([
  ["a;b\n1;2", ";"],
  ["a\tb\n1\t2", "tab"],
])("%j is separated by %s", (text) => {
  expect(cellsOf(text)).toEqual([
    ["a", "b"],
    ["1", "2"],
  ]);
});

test("empty cells stay", () => {
  expect(cellsOf("a,,b,\n")).toEqual([["a", "", "b", ""]]);
});

test.each([
  ['a,"b', 1],
  ['a\nb"c', 2],
  ['a\n"b"c', 2],
])("%j has a quotation mark in the wrong place, on line %d", (text, line) => {
  expect(() => parseCsv(text)).toThrow(CsvError);
  expect(() => parseCsv(text)).toThrow(expect.objectContaining({ line }));
});

test.each(["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\r=1"])("the cell %j becomes no formula", (text) => {
  expect(cellsOf(toCsv([[text, "b"]]))[0]?.[0]).toMatch(/^'/u);
});

test("what is written is read again", () => {
  const rows = [
    ["email", "why"],
    ["a@b.c", 'says "no", twice;\nthen goes'],
    ["", "null is empty"],
  ];

  expect(cellsOf(toCsv([rows[0] ?? [], rows[1] ?? [], [null, "null is empty"]]))).toEqual(rows);
});
