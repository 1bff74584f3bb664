// Which commands the palette offers for a text.

export interface Command {
  id: string;
  kind: string;
  label: string;
  run: () => void;
}

/** A command that opens a person, a tenant or a webhook, with what else can be done with it. */
export interface Found extends Command {
  actions: readonly Command[];
}

/**
 * Splits a text such as `ban ada@example.com` into whom the API looks for and the words that name an action. A text
 * without an address is looked for as a whole.
 */
export function splitText(text: string): { wanted: string; verbs: string } {
  const words = text.trim().split(/\s+/u);
  const address = words.find((word) => word.includes("@"));
  return address
    ? { wanted: address, verbs: words.filter((word) => word !== address).join(" ") }
    : { wanted: text.trim(), verbs: "" };
}

/**
 * Returns what is offered for what was found. The actions are those of the only one found, else of the one that is named in
 * full. Words that name an action leave the actions that have them, of all that were found.
 */
export function offer(found: readonly Found[], text: string): Command[] {
  const { wanted, verbs } = splitText(text);
  if (verbs) {
    return matchingCommands(actionsOf(found), verbs);
  }
  const isNamed = ({ id, label }: Found) => [id, label.toLowerCase()].includes(wanted.toLowerCase());
  return [...found, ...actionsOf(found.filter((one) => found.length === 1 || isNamed(one)))];
}

function actionsOf(found: readonly Found[]): Command[] {
  return found.flatMap((one) => one.actions);
}

/** Returns those that were found for an earlier text and still fit this one. */
export function stillFitting(found: readonly Found[], text: string): Found[] {
  const wanted = splitText(text).wanted.toLowerCase();
  return found.filter(({ id, label }) => id === wanted || label.toLowerCase().includes(wanted));
}

/** Returns the commands whose label has every word of the text. */
export function matchingCommands(commands: readonly Command[], text: string): Command[] {
  const words = text.toLowerCase().split(/\s+/u).filter(Boolean);
  return commands.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
}
