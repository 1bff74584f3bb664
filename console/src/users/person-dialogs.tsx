// Dialogs over one user: activate and deactivate, a new token, a password, the deletion.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { type Act, useAct } from "../parts/act";
import { Confirm, SecretDialog } from "../parts/confirm";
import { HiddenUsername, SecretField } from "../parts/fields";
import { Refusal } from "../parts/refusal";
import * as signIn from "../texts/sign-in";
import * as texts from "../texts/users";
import { deleteUser, rotateToken, setActive, setPassword, type Shown } from "./acts";
import { ReasonField } from "./terms";

interface AskProps {
  said: { title: (email: string) => string; text: string; submit: string };
  user: Shown;
  danger?: boolean;
  act: Act<[]>;
  onClose: () => void;
  children?: ComponentChildren;
}

/** Asks before an act on a user. A refusal tells also if somebody else changed the user meanwhile. */
function Ask({ said, user, danger = false, act, onClose, children }: AskProps) {
  return (
    <Confirm
      title={said.title(user.email)}
      text={said.text}
      submit={said.submit}
      danger={danger}
      act={act}
      refusal={<Refusal act={act} />}
      onSubmit={() => void act.start()}
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
  const act = useAct(async () => {
    await setActive(user, active, reason.trim());
    onClose();
  });
  const said = active ? texts.activation : texts.deactivation;
  return (
    <Ask said={said} user={user} danger={!active} act={act} onClose={onClose}>
      <ReasonField reason={reason} onReason={setReason} />
    </Ask>
  );
}

export function DeleteDialog({ user, onClose, onGone }: PersonDialogProps & { onGone: () => void }) {
  const [reason, setReason] = useState("");
  const act = useAct(async () => {
    await deleteUser(user, reason.trim());
    onGone();
  });
  return (
    <Ask said={texts.deletion} user={user} danger act={act} onClose={onClose}>
      <ReasonField reason={reason} onReason={setReason} />
    </Ask>
  );
}

export function RotateDialog({ user, onClose }: PersonDialogProps) {
  const [token, setToken] = useState<string | null>(null);
  const act = useAct(async () => setToken(await rotateToken(user)));
  if (token !== null) {
    return <TokenDialog title={texts.rotation.doneTitle(user.email)} token={token} onClose={onClose} />;
  }
  return (
    <Ask said={texts.rotation} user={user} act={act} onClose={onClose} />
  );
}

/** Shows an API token, this once. */
export function TokenDialog({ title, token, onClose }: { title: string; token: string; onClose: () => void }) {
  return <SecretDialog title={title} label={texts.rotation.token} secret={token} onClose={onClose} />;
}

export function SetPasswordDialog({ user, onClose }: PersonDialogProps) {
  const [password, setTyped] = useState("");
  const act = useAct(async () => {
    await setPassword(user, password);
    onClose();
  });
  return (
    <Ask said={texts.password} user={user} act={act} onClose={onClose}>
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
