// Texts of the change of many roles at once.

const users = (count: number) => (count === 1 ? "1 role" : `${count} roles`);

export const title = "Change many roles";
export const back = "Back to the list";

export const sourceSelection = (count: number) => (count === 1 ? "The user that you selected" : `The ${count} users that you selected`);
export const sourceRole = "New role";
export const sourceUseFile = "Use a CSV instead";
export const sourceCsv = "CSV with the columns email, new_role, until, reason";
export const sourceCsvHint = "until and reason may be missing. Paste the rows, or drop a file on the field.";
export const sourceSample = "email,new_role,until,reason\nada@example.com,manager,,leads the team now";
export const sourceFile = "Choose a file";

export const dryRun = "Dry run";
export const nothing = "There are no rows yet.";
export const problems = "Correct these lines first. Nothing was sent.";
export const problem = (line: number, text: string) => `Line ${line}: ${text}`;
export const more = (count: number) => `and ${count} more`;

export const rowsNotCsv = "a quotation mark is in the wrong place";
export const rowsMissing = (column: string) => `the column ${column} is missing`;
export const rowsUnknown = (column: string) => `${column || "a column without a name"} is not a known column`;
export const rowsTwice = (column: string) => `the column ${column} is there twice`;
export const rowsWidth = (found: number, expected: number) => `has ${found} of ${expected} cells`;
export const rowsNoEmail = "the email is missing";
export const rowsRole = (role: string) => `the role must be admin, manager or user, not ${role || "empty"}`;
export const rowsUntil = (until: string) => `until must be a time such as 2026-06-15T12:00:00Z, not ${until}`;
export const rowsRepeated = (email: string, line: number) => `${email} is on line ${line} already`;

export const checking = "Dry run";
export const changing = "Changing roles";
export const progress = (done: number, total: number) => `${done} of ${total}`;
export const stop = "Stop";
export const run = (count: number) => `Change ${users(count)}`;
export const startOver = "Start over";
export const save = "Save results as CSV";
export const file = "role-changes.csv";
export const wouldTitle = "What would happen";
export const didTitle = "What happened";
export const would = { changed: "would change", unchanged: "stays", refused: "would be refused", not_tried: "not checked" };
export const did = { changed: "changed", unchanged: "stays", refused: "refused", not_tried: "not tried" };
export const summary = (changed: number, unchanged: number, refused: number, notTried: number, dry: boolean) =>
  [
    `${changed} ${dry ? "would change" : "changed"}`,
    `${unchanged} ${unchanged === 1 ? "stays" : "stay"}`,
    `${refused} ${dry ? "would be refused" : "refused"}`,
    notTried > 0 && `${notTried} ${dry ? "not checked" : "not tried"}`,
  ]
    .filter(Boolean)
    .join(", ");
export const parts = "The dry run looks at 100 rows at a time, each time at the users as they are now.";
export const shown = (shown: number, total: number) => `The table shows ${shown} of ${total} rows, the refused ones first.`;
export const columnsLine = "Line";
export const columnsEmail = "Email";
export const columnsRole = "Role";
export const columnsOutcome = "Outcome";
export const columnsWhy = "Why";
