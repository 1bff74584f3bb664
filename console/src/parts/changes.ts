// Changes of data that other people can change too: no other change is overwritten, and a change can be undone.

import { ApiError, describeError } from "../api/errors";
import * as texts from "../texts/common";
import { announce } from "./notice";

/** Somebody else has changed the value since it was shown, so nothing was changed. Both values are texts to show. */
export class ChangedMeanwhile extends Error {
  override readonly name = "ChangedMeanwhile";

  constructor(
    readonly seen: string,
    readonly now: string,
  ) {
    super("changed meanwhile");
  }
}

/** What was read, with its version for `If-Match`. */
export interface Version<Value> {
  data: Value;
  etag: string | null;
}

/** How to find out whether a value is still the one that the person saw. */
interface UnchangedCheck<Value> {
  /** The value that the person saw when the change was chosen. */
  seen: Value;
  read: () => Promise<Version<Value>>;
  /** Whether both values are the same to a person. */
  isSame: (one: Value, other: Value) => boolean;
  inWords: (value: Value) => string;
  /** Called with the newer value, so that the page shows it. */
  onNewer: (now: Version<Value>) => void;
}

const MOST_TRIES = 3;

/**
 * Reads the value and runs the change on its version. Throws `ChangedMeanwhile` if the value is no longer the one that
 * the person saw, and `ApiError` if the API refuses.
 */
export async function changeIfUnchanged<Value, Result>(
  { seen, read, isSame, inWords, onNewer }: UnchangedCheck<Value>,
  change: (before: Version<Value>) => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    const before = await read();
    if (!isSame(seen, before.data)) {
      onNewer(before);
      throw new ChangedMeanwhile(inWords(seen), inWords(before.data));
    }
    try {
      return await change(before);
    } catch (error) {
      // Somebody changed the value after it was read. The next reading shows whether the person saw another value.
      if (!isOutdated(error) || tries === MOST_TRIES) {
        throw error;
      }
    }
  }
}

/** Undoes a change with `back` and announces the text that it returns, or why it failed. `name` is the changed person. */
export async function takeBack(name: string, back: () => Promise<string>): Promise<void> {
  try {
    announce(await back());
  } catch (error) {
    announce(texts.notUndone(name, isOutdated(error) ? texts.changedSince : describeError(error)));
  }
}

/** Returns the header that makes a request fail if the version is no longer the newest. */
export function ifMatch(etag: string | null): { "If-Match"?: string } {
  return etag === null ? {} : { "If-Match": etag };
}

function isOutdated(error: unknown): boolean {
  return error instanceof ApiError && error.status === 412;
}
