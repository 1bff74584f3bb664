// How many rows have which outcome.

import * as texts from "../texts/many";
import type { Done } from "./rows";

/** Returns how many rows changed, stayed, were refused and were not tried, in words. */
export function summarize(done: readonly Done[], dryRun: boolean): string {
  const count = (outcome: Done["result"]["outcome"]) => done.filter(({ result }) => result.outcome === outcome).length;
  return texts.summary(count("changed"), count("unchanged"), count("refused"), count("not_tried"), dryRun);
}

/** Returns the rows, the refused ones first, so that nobody overlooks them in a long table. */
export function refusedFirst(done: readonly Done[]): readonly Done[] {
  const isRefused = ({ result }: Done) => result.outcome === "refused" || result.outcome === "not_tried";
  return [...done.filter(isRefused), ...done.filter((one) => !isRefused(one))];
}
