// What the API refuses, in one form for both of its error formats.

import * as texts from "../texts/common";

/** One field of a request that the API refused, and why. */
export interface FieldProblem {
  field: string;
  message: string;
}

/** A request that the API refused or did not answer. `status` is 0 if no answer came. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: readonly FieldProblem[] = [],
    /** Seconds after which the request may be sent again, if the API said so. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }

  /** Whether the same request can succeed a little later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 503;
  }
}

/** The code of the error of somebody who signed out while a request waited for a new credential. */
export const SIGNED_OUT = "SIGNED_OUT";

/** Returns the refusal that a response with this body means. */
export function toApiError(response: Response, body: unknown): ApiError {
  const fields: Record<string, unknown> = isRecord(body) ? body : {};
  const problems = (fields["validation"] ?? fields["fieldErrors"] ?? []) as FieldProblem[];
  const retryAfter = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new ApiError(
    response.status,
    asText(fields["error_code"]) ?? asText(fields["code"]) ?? `HTTP_${response.status}`,
    // In the platform's format `error` is the name of the status and `message` is for people.
    asText(fields["message"]) ?? asText(fields["error"]) ?? texts.errorsStatus(response.status),
    problems,
    Number.isFinite(retryAfter) ? retryAfter : null,
  );
}

/** Returns the error that a failed `fetch` means. An abort is returned as it is. */
export function toNetworkError(error: unknown): unknown {
  return error instanceof TypeError ? new ApiError(0, "UNREACHABLE", texts.errorsUnreachable) : error;
}

/** Returns what people read about an error: a sentence, with the fields that the API names. */
export function describeError(error: unknown): string {
  if (!(error instanceof ApiError)) {
    return texts.errorsUnexpected;
  }
  const fields = error.fields.map((one) => (one.field ? `${one.field}: ${one.message}` : one.message));
  const wait = error.isTemporary && error.retryAfter ? texts.errorsTryAgainIn(error.retryAfter) : "";
  return [asSentence(fields.length ? fields.join("; ") : error.message), wait].filter(Boolean).join(" ");
}

/** Returns the text with a capital letter at its beginning and a full stop at its end. */
export function asSentence(text: string): string {
  const trimmed = text.trim();
  const ended = /[.!?…]$/u.test(trimmed) ? trimmed : `${trimmed}.`;
  return ended.charAt(0).toUpperCase() + ended.slice(1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function asText(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
