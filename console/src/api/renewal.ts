// What happens when a credential no longer works: a silent refresh, else a dialog that asks for it again.

import { state } from "../parts/state";
import { ApiError, SIGNED_OUT } from "./errors";
import { type Credential, replaceCredential, session } from "./session";

/** A session that has ended. The page shows a dialog while there is one. */
export interface EndedSession {
  /** Ends the wait: the session continues with the credential, or it ends if there is none. */
  resolve: (credential: Credential | null) => void;
}

export const endedSession = state<EndedSession | null>(null);

/** Shows the dialog and returns the new credential, or null if the person signs out instead. */
export async function askForCredential(): Promise<Credential | null> {
  const answer = await new Promise<Credential | null>((resolve) => {
    endedSession.value = { resolve };
  });
  endedSession.value = null;
  return answer;
}

/** Spends a refresh token. Returns null if the API refuses it. Throws `ApiError` if the API can't answer now. */
type Refresh = (refreshToken: string) => Promise<Credential | null>;

export class Renewal {
  #running: Promise<void> | null = null;

  /** Set at sign-in: how the kind of session that is signed in is refreshed. */
  refresh: Refresh | null = null;

  /**
   * Replaces a credential that did not work. Requests that fail at the same time share one renewal, because a refresh
   * token is good for one use. Throws `ApiError` if the person signs out instead.
   */
  async renew(used: Credential, ask: () => Promise<Credential | null>): Promise<void> {
    const current = session.value?.credential;
    if (current && current.access !== used.access) {
      return; // Another request has renewed it already.
    }
    this.#running ??= this.#replace(used, ask).finally(() => {
      this.#running = null;
    });
    await this.#running;
  }

  async #replace(used: Credential, ask: () => Promise<Credential | null>): Promise<void> {
    const refreshed = used.refresh && this.refresh ? await this.refresh(used.refresh) : null;
    const credential = refreshed ?? (await ask());
    if (!credential || !session.value) {
      throw new ApiError(401, SIGNED_OUT, "");
    }
    replaceCredential(credential);
  }
}

export const renewal = new Renewal();
