import { expect, test } from "vitest";

import { ApiError, describeError, toApiError, toNetworkError } from "../src/api/errors";

const answer = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers });

test("a refusal of the tenant API is said with its fields", () => {
  const error = toApiError(answer(400), {
    success: false,
    error: "validation failed",
    error_code: "VALIDATION_ERROR",
    validation: [{ field: "new_role", message: "must be one of admin, manager, user", value: "boss" }],
  });

  expect(error.code).toBe("VALIDATION_ERROR");
  expect(describeError(error)).toBe("New_role: must be one of admin, manager, user.");
});

test("a refusal of the platform API is said with its message, not with the name of the status", () => {
  const error = toApiError(answer(422), {
    status: 422,
    error: "Unprocessable Entity",
    message: "the platform would be left without an enabled superadmin",
    code: "LAST_SUPERADMIN",
  });

  expect(error.code).toBe("LAST_SUPERADMIN");
  expect(describeError(error)).toBe("The platform would be left without an enabled superadmin.");
});

test("an answer without a readable body is said with its status", () => {
  expect(describeError(toApiError(answer(502), "<html>"))).toBe("The API answered with status 502.");
});

test("a busy API is said with the time to wait", () => {
  const error = toApiError(answer(429, { "Retry-After": "7" }), { error: "too many requests", error_code: "RATE_LIMITED" });

  expect(error.isTemporary).toBe(true);
  expect(describeError(error)).toBe("Too many requests. Try again in 7 seconds.");
});

test("no answer is temporary, an abort stays an abort, and a mistake of the page shows no internals", () => {
  const abort = new DOMException("aborted", "AbortError");

  expect(toNetworkError(new TypeError("Failed to fetch"))).toMatchObject({ status: 0, isTemporary: true });
  expect(toNetworkError(abort)).toBe(abort);
  expect(describeError(new Error("x is undefined"))).not.toContain("undefined");
  expect(new ApiError(409, "LAST_ADMIN", "x").isTemporary).toBe(false);
});
