// Dialogs over one user: activate and deactivate, a new token, a password, the deletion.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { type Act, useAct } from "../parts/act";
import { Dialog } from "../parts/dialog";
import { HiddenUsername, SecretField } from "../parts/fields";
import { SecretOnce } from "../parts/small";
import { texts as common } from "../texts/common";
import { texts as signIn } from "../texts/sign-in";
import { texts } from "../texts/users";
import { deleteUser, rotateToken, setActive, setPassword, type Shown } from "./acts";
import { Refusal } from "./refusal";
import { ReasonField } from "./terms";

interface ConfirmProps {
  title: string;
  text: string;
  submit: string;
  danger?: boolean;
  act: Act<[]>;
  onClose: () => void;
  children?: ComponentChildren;
}

/** Asks before an act. The focus is on the button that does nothing, unless a field comes first. */
function Confirm({ title, text, submit, danger = false, act, onClose, children }: ConfirmProps) {
  const start = (event: Event) => {
    event.preventDefault();
    void act.start();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={start}>
        <p>{text}</p>
        {children}
        <Refusal act={act} />
        <footer>
          <button type="button" data-focus onClick={onClose}>
            {common.dialog.cancel}
          </button>
          <button type="submit" class={danger ? "primary danger" : "primary"} aria-disabled={act.busy}>
            {submit}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

interface PersonDialogProps {
  user: Shown;
  onClose: () => void;
}

export function ActiveDialog({ user, onClose }: PersonDialogProps) {
  const [reason, setReason] = useState("");
  // The user that was shown when the dialog opened decides what the dialog does, also after it is done.
  const [active] = useState(!user.active);
  const act = useAct(async () => {
    await setActive(user, active, reason.trim());
    onClose();
  });
  const said = active ? texts.activation : texts.deactivation;
  return (
    <Confirm
      title={said.title(user.email)}
      text={said.text}
      submit={said.submit}
      danger={!active}
      act={act}
      onClose={onClose}
    >
      <ReasonField reason={reason} onReason={setReason} />
    </Confirm>
  );
}

export function DeleteDialog({ user, onClose, onGone }: PersonDialogProps & { onGone: () => void }) {
  const [reason, setReason] = useState("");
  const act = useAct(async () => {
    await deleteUser(user, reason.trim());
    onGone();
  });
  return (
    <Confirm
      title={texts.deletion.title(user.email)}
      text={texts.deletion.text}
      submit={texts.deletion.submit}
      danger
      act={act}
      onClose={onClose}
    >
      <ReasonField reason={reason} onReason={setReason} />
    </Confirm>
  );
}

export function RotateDialog({ user, onClose }: PersonDialogProps) {
  const [token, setToken] = useState<string | null>(null);
  const act = useAct(async () => setToken(await rotateToken(user)));
  if (token !== null) {
    return <TokenDialog title={texts.rotation.doneTitle(user.email)} token={token} onClose={onClose} />;
  }
  return (
    <Confirm
      title={texts.rotation.title(user.email)}
      text={texts.rotation.text}
      submit={texts.rotation.submit}
      act={act}
      onClose={onClose}
    />
  );
}

/** Shows a token, this once. It stays open until somebody closes it with its button. */
export function TokenDialog({ title, token, onClose }: { title: string; token: string; onClose: () => void }) {
  return (
    <Dialog key="token" title={title}>
      <div class="body">
        <SecretOnce label={texts.rotation.token} secret={token} />
        <footer>
          <button type="button" onClick={onClose}>
            {common.dialog.done}
          </button>
        </footer>
      </div>
    </Dialog>
  );
}

export function SetPasswordDialog({ user, onClose }: PersonDialogProps) {
  const [password, setTyped] = useState("");
  const act = useAct(async () => {
    await setPassword(user, password);
    onClose();
  });
  return (
    <Confirm
      title={texts.password.title(user.email)}
      text={texts.password.text}
      submit={texts.password.submit}
      act={act}
      onClose={onClose}
    >
      <HiddenUsername email={user.email} />
      <SecretField
        label={signIn.newPassword}
        hint={signIn.newPasswordHint}
        autocomplete="new-password"
        required
        minLength={8}
        maxLength={128}
        value={password}
        onValue={setTyped}
      />
    </Confirm>
  );
}
