// Texts of the change of many roles at once.

const users = (count: number) => (count === 1 ? "1 role" : `${count} roles`);

export const texts = {
  title: "Change many roles",
  back: "Back to the list",
  source: {
    selection: (count: number) => (count === 1 ? "The user that you selected" : `The ${count} users that you selected`),
    role: "New role",
    useFile: "Use a CSV instead",
    csv: "CSV with the columns email, new_role, until, reason",
    csvHint: "until and reason may be missing. Paste the rows, or drop a file on the field.",
    sample: "email,new_role,until,reason\nada@example.com,manager,,leads the team now",
    file: "Choose a file",
  },
  dryRun: "Dry run",
  nothing: "There are no rows yet.",
  problems: "Correct these lines first. Nothing was sent.",
  problem: (line: number, text: string) => `Line ${line}: ${text}`,
  more: (count: number) => `and ${count} more`,
  rows: {
    notCsv: "a quotation mark is in the wrong place",
    missing: (column: string) => `the column ${column} is missing`,
    unknown: (column: string) => `${column || "a column without a name"} is not a known column`,
    twice: (column: string) => `the column ${column} is there twice`,
    width: (found: number, expected: number) => `has ${found} cells, not ${expected}`,
    noEmail: "the email is missing",
    role: (role: string) => `the role must be admin, manager or user, not ${role || "empty"}`,
    until: (until: string) => `until must be a time such as 2026-06-15T12:00:00Z, not ${until}`,
    repeated: (email: string, line: number) => `${email} is on line ${line} already`,
  },
  checking: "Dry run",
  changing: "Changing roles",
  progress: (done: number, total: number) => `${done} of ${total}`,
  stop: "Stop",
  run: (count: number) => `Change ${users(count)}`,
  startOver: "Start over",
  save: "Save results as CSV",
  file: "role-changes.csv",
  wouldTitle: "What would happen",
  didTitle: "What happened",
  would: { changed: "would change", unchanged: "stays", refused: "would be refused", not_tried: "not checked" },
  did: { changed: "changed", unchanged: "stays", refused: "refused", not_tried: "not tried" },
  summary: (changed: number, unchanged: number, refused: number, notTried: number, dry: boolean) =>
    [
      `${changed} ${dry ? "would change" : "changed"}`,
      `${unchanged} ${unchanged === 1 ? "stays" : "stay"}`,
      `${refused} ${dry ? "would be refused" : "refused"}`,
      notTried > 0 && `${notTried} ${dry ? "not checked" : "not tried"}`,
    ]
      .filter(Boolean)
      .join(", "),
  parts: "The dry run looks at 100 rows at a time, each time at the users as they are now.",
  shown: (shown: number, total: number) => `The table shows ${shown} of ${total} rows, the refused ones first.`,
  columns: { line: "Line", email: "Email", role: "Role", outcome: "Outcome", why: "Why" },
};
