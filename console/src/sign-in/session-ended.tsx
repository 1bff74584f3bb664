// The dialog over the page when a session has ended. The page behind it keeps what was typed.

import { useState } from "preact/hooks";

import { endedSession } from "../api/renewal";
import { session } from "../api/session";
import { checkAgain, signOut } from "../api/sign-in";
import { useAction } from "../parts/action";
import { Dialog } from "../parts/dialog";
import { HiddenUsername, SecretField } from "../parts/fields";
import { Problem, Typed } from "../parts/small";
import * as texts from "../texts/sign-in";
import { isRefusal } from "./sign-in";

export function SessionEndedDialog() {
  const ended = session.value;
  return endedSession.value && ended ? <EndedDialog key={ended.name} /> : null;
}

function EndedDialog() {
  const [secret, setSecret] = useState("");
  const isToken = session.value?.kind === "token";
  const action = useAction(async () => {
    const ended = session.value;
    if (ended) {
      const found = await checkAgain(ended, isToken ? secret.trim() : secret);
      session.value = { ...ended, standing: found.standing };
      endedSession.value?.resolve(found.credential);
    }
  });
  const submit = (event: Event) => {
    event.preventDefault();
    void action.start();
  };
  return (
    <Dialog title={texts.endedTitle}>
      <form onSubmit={submit}>
        <p>
          <Typed>{texts.endedAs(session.value?.name ?? "")}</Typed> {texts.endedIntro}
        </p>
        {!isToken && <HiddenUsername email={session.value?.email} />}
        <SecretField
          label={isToken ? texts.token : texts.password}
          autocomplete={isToken ? "off" : "current-password"}
          required
          data-focus
          value={secret}
          onValue={setSecret}
        />
        {action.problem && <Problem>{isRefusal(action.error) ? texts.refused : action.problem}</Problem>}
        <footer>
          <button type="button" onClick={() => void signOut()}>
            {texts.endedSignOut}
          </button>
          <button type="submit" class="primary" aria-disabled={action.busy}>
            {texts.endedGoOn}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
