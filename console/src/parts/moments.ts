// How a time of the API is shown.

const MOMENT = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });

/** Returns a time of the API as people here read it, in the time zone of the browser. */
export function formatMoment(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : MOMENT.format(time);
}
