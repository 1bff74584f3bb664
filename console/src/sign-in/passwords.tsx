// Changes of one's own password: the forced one after a temporary password, and the one that somebody wants.

import { useState } from "preact/hooks";

import { api, dataOf } from "../api/client";
import { session } from "../api/session";
import { changeTemporaryPassword, signOut } from "../api/sign-in";
import { useAction } from "../parts/action";
import { Dialog } from "../parts/dialog";
import { HiddenUsername, SecretField } from "../parts/fields";
import { announce } from "../parts/notice";
import { Problem } from "../parts/small";
import { Mark } from "../shell/parts";
import * as common from "../texts/common";
import * as texts from "../texts/sign-in";

/** The page after a sign-in with a temporary password. The API lets the account do nothing else before. */
export function ForcedPasswordChange() {
  const change = usePasswordChange((current, chosen) => changeTemporaryPassword(current, chosen));
  return (
    <main class="sign-in">
      <header>
        <Mark />
        <h1 tabIndex={-1}>{texts.forcedTitle}</h1>
        <p>{texts.forcedIntro}</p>
      </header>
      <form class="card" onSubmit={change.submit}>
        <PasswordFields change={change} />
        <footer>
          <button type="button" onClick={() => void signOut()}>
            {common.shellSignOut}
          </button>
          <button type="submit" class="primary" aria-disabled={change.busy}>
            {texts.forcedSubmit}
          </button>
        </footer>
      </form>
    </main>
  );
}

export function PasswordDialog({ onClose }: { onClose: () => void }) {
  const change = usePasswordChange(async (current, chosen) => {
    await changeOwnPassword(current, chosen);
    onClose();
    announce(texts.ownChanged);
  });
  return (
    <Dialog title={texts.ownTitle} onClose={onClose}>
      <form onSubmit={change.submit}>
        <p>{texts.ownIntro}</p>
        <PasswordFields change={change} />
        <footer>
          <button type="button" onClick={onClose}>
            {common.dialogCancel}
          </button>
          <button type="submit" class="primary" aria-disabled={change.busy}>
            {texts.ownSubmit}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

async function changeOwnPassword(current: string, chosen: string): Promise<void> {
  const { userId } = session.value ?? {};
  if (userId) {
    await dataOf(
      api.PUT("/users/{id}/password", {
        params: { path: { id: userId } },
        body: { current_password: current, new_password: chosen },
      }),
    );
  } else {
    await dataOf(api.PUT("/v1/api/auth/password", { body: { currentPassword: current, newPassword: chosen } }));
  }
}

function usePasswordChange(save: (current: string, chosen: string) => Promise<void>) {
  const [current, setCurrent] = useState("");
  const [chosen, setChosen] = useState("");
  const [repeated, setRepeated] = useState("");
  const [differs, setDiffers] = useState(false);
  const action = useAction(save);
  const submit = (event: Event) => {
    event.preventDefault();
    setDiffers(chosen !== repeated);
    if (chosen === repeated) {
      void action.start(current, chosen);
    }
  };
  return { current, setCurrent, chosen, setChosen, repeated, setRepeated, differs, submit, ...action };
}

function PasswordFields({ change }: { change: ReturnType<typeof usePasswordChange> }) {
  return (
    <>
      <HiddenUsername email={session.value?.email} />
      <SecretField
        label={texts.ownCurrent}
        autocomplete="current-password"
        required
        data-focus
        value={change.current}
        onValue={change.setCurrent}
      />
      <SecretField
        label={texts.newPassword}
        hint={texts.newPasswordHint}
        autocomplete="new-password"
        required
        minLength={8}
        maxLength={128}
        value={change.chosen}
        onValue={change.setChosen}
      />
      <SecretField
        label={texts.repeat}
        autocomplete="new-password"
        required
        problem={change.differs ? texts.differs : null}
        value={change.repeated}
        onValue={change.setRepeated}
      />
      {change.problem && <Problem>{change.problem}</Problem>}
    </>
  );
}
