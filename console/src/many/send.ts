// Sending many changes of roles, part by part.

import { api, dataOf } from "../api/client";
import { ApiError } from "../api/errors";
import { waitBeforeRetry } from "../api/queries";
import { cutIntoParts, type Done, type Row } from "./rows";

/** The most changes that the API takes in one request. */
const MOST_CHECKED = 100;

/** Changes are sent in smaller parts than the dry run, so that the progress can be seen. */
const MOST_CHANGED = 20;

const MOST_RETRIES = 5;

interface Sending {
  rows: readonly Row[];
  reason: string;
  dryRun: boolean;
  stop: AbortSignal;
  /** Called after each part with all results so far. */
  onDone: (done: readonly Done[]) => void;
}

/**
 * Sends all rows. Rows for which a request had no time are sent again. Ends after the part that runs if `stop` is
 * aborted. Throws `ApiError` if the API refuses a whole request; what was reported to `onDone` has happened.
 */
export async function sendRows({ rows, reason, dryRun, stop, onDone }: Sending): Promise<void> {
  const done: Done[] = [];
  let waiting = [...rows];
  while (waiting.length > 0 && !stop.aborted) {
    const [part = []] = cutIntoParts(waiting, dryRun ? MOST_CHECKED : MOST_CHANGED);
    const results = await sendPart(part, reason, dryRun);
    const tried = results.filter(({ result }) => result.outcome !== "not_tried");
    if (tried.length === 0) {
      done.push(...results);
      onDone([...done]);
      return;
    }
    done.push(...tried);
    waiting = waiting.slice(tried.length);
    onDone([...done]);
  }
}

/** Sends one request, and again while the API is busy. Nothing is changed twice. */
async function sendPart(part: readonly Row[], reason: string, dryRun: boolean): Promise<Done[]> {
  for (let failures = 0; ; failures += 1) {
    try {
      const { data } = await dataOf(
        api.POST("/users/promote", {
          body: { changes: part.map((row) => row.change), dry_run: dryRun, ...(reason && { reason }) },
        }),
      );
      return part.flatMap((row, index) => {
        const result = data.results[index];
        return result ? [{ row, result }] : [];
      });
    } catch (error) {
      if (!(error instanceof ApiError && error.isTemporary) || failures >= MOST_RETRIES) {
        throw withLines(error, part);
      }
      await new Promise((resolve) => setTimeout(resolve, waitBeforeRetry(failures, error)));
    }
  }
}

/** Names the lines of the text in place of the numbers in the request, as in `changes[3].until`. */
function withLines(error: unknown, part: readonly Row[]): unknown {
  if (!(error instanceof ApiError)) {
    return error;
  }
  const fields = error.fields.map(({ field, message }) => {
    const [, index, column = ""] = /^changes\[(\d+)\]\.?(.*)$/u.exec(field) ?? [];
    const line = index === undefined ? undefined : part[Number(index)]?.line;
    return { field: line === undefined ? field : `line ${line} ${column}`.trim(), message };
  });
  return new ApiError(error.status, error.code, error.message, fields, error.retryAfter);
}
