// Dialogs over one user: activate and deactivate, a new token, a password, the deletion.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { type Action, useAction } from "../parts/action";
import { Confirm, SecretDialog } from "../parts/confirm";
import { HiddenUsername, SecretField } from "../parts/fields";
import { Refusal } from "../parts/refusal";
import * as signIn from "../texts/sign-in";
import * as texts from "../texts/users";
import { deleteUser, rotateToken, setActive, setPassword, type Shown } from "./actions";
import { ReasonField } from "./terms";

interface AskProps {
  said: { title: (email: string) => string; text: string; submit: string };
  user: Shown;
  danger?: boolean;
  action: Action<[]>;
  onClose: () => void;
  children?: ComponentChildren;
}

/** Asks before an action on a user. A refusal tells also if somebody else changed the user meanwhile. */
function Ask({ said, user, danger = false, action, onClose, children }: AskProps) {
  return (
    <Confirm
      title={said.title(user.email)}
      text={said.text}
      submit={said.submit}
      danger={danger}
      action={action}
      refusal={<Refusal action={action} />}
      onSubmit={() => void action.start()}
      onClose={onClose}
    >
      {children}
    </Confirm>
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
  const action = useAction(async () => {
    await setActive(user, active, reason.trim());
    onClose();
  });
  const said = active ? texts.activation : texts.deactivation;
  return (
    <Ask said={said} user={user} danger={!active} action={action} onClose={onClose}>
      <ReasonField reason={reason} onReason={setReason} />
    </Ask>
  );
}

export function DeleteDialog({ user, onClose, onGone }: PersonDialogProps & { onGone: () => void }) {
  const [reason, setReason] = useState("");
  const action = useAction(async () => {
    await deleteUser(user, reason.trim());
    onGone();
  });
  return (
    <Ask said={texts.deletion} user={user} danger action={action} onClose={onClose}>
      <ReasonField reason={reason} onReason={setReason} />
    </Ask>
  );
}

export function RotateDialog({ user, onClose }: PersonDialogProps) {
  const [token, setToken] = useState<string | null>(null);
  const action = useAction(async () => setToken(await rotateToken(user)));
  if (token !== null) {
    return <TokenDialog title={texts.rotation.doneTitle(user.email)} token={token} onClose={onClose} />;
  }
  return (
    <Ask said={texts.rotation} user={user} action={action} onClose={onClose} />
  );
}

/** Shows an API token, this once. */
export function TokenDialog({ title, token, onClose }: { title: string; token: string; onClose: () => void }) {
  return <SecretDialog title={title} label={texts.rotation.token} secret={token} onClose={onClose} />;
}

export function SetPasswordDialog({ user, onClose }: PersonDialogProps) {
  const [password, setTyped] = useState("");
  const action = useAction(async () => {
    await setPassword(user, password);
    onClose();
  });
  return (
    <Ask said={texts.password} user={user} action={action} onClose={onClose}>
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
    </Ask>
  );
}
