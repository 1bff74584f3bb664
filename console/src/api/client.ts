// The clients of the API: one sends the credential of the session and renews it, the other sends none.

import createClient from "openapi-fetch";

import type { paths } from "../../../clients/typescript/rolecall";
import { ApiError, SIGNED_OUT, toApiError, toNetworkError } from "./errors";
import { askForCredential, renewal } from "./renewal";
import { type Credential, session } from "./session";

// The page is served at `console`, beside the API's routes, wherever these are.
const baseUrl = new URL(".", document.baseURI).href.replace(/\/$/u, "");

/** Sends requests without a credential: sign-in and refresh. */
export const publicApi = createClient<paths>({ baseUrl });

/** Sends requests with the credential of the session. A 401 renews the credential and sends the request again. */
export const api = createClient<paths>({ baseUrl, fetch: fetchWithCredential });

/** Sends requests with a credential that is not yet that of the session. */
export function apiWith(access: string): typeof api {
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${access}` } });
}

/** What openapi-fetch returns, as far as it is used here. */
interface Result<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** Returns the body of the answer. Throws `ApiError` if the API refuses or does not answer. */
export async function dataOf<Data>(call: Promise<Result<Data>>): Promise<Data> {
  return (await answerOf(call)).data;
}

/** Returns the body of the answer and its version, for `If-Match`. Throws `ApiError` like `dataOf`. */
export async function answerOf<Data>(call: Promise<Result<Data>>): Promise<{ data: Data; etag: string | null }> {
  let result: Result<Data>;
  try {
    result = await call;
  } catch (error) {
    // An answer that is no JSON comes from something between the page and the API.
    throw error instanceof SyntaxError ? new ApiError(502, "UNREADABLE", error.message) : toNetworkError(error);
  }
  if (!result.response.ok) {
    throw toApiError(result.response, result.error);
  }
  return { data: result.data as Data, etag: result.response.headers.get("ETag") };
}

async function fetchWithCredential(request: Request): Promise<Response> {
  for (;;) {
    const used = await currentCredential();
    const copy = request.clone();
    copy.headers.set("Authorization", `Bearer ${used.access}`);
    const response = await fetch(copy);
    if (response.status !== 401) {
      return response;
    }
    await renewal.renew(used, askForCredential);
  }
}

/** Returns the credential, renewed if it is about to expire. Throws `ApiError` if nobody is signed in. */
async function currentCredential(): Promise<Credential> {
  const credential = session.value?.credential;
  if (!credential) {
    throw new ApiError(401, SIGNED_OUT, "");
  }
  if (credential.expiresAt !== null && credential.expiresAt <= Date.now()) {
    await renewal.renew(credential, askForCredential);
    return currentCredential();
  }
  return credential;
}
