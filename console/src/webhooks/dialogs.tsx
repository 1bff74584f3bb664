// Dialogs over webhooks: adding one, a new secret, the deletion.

import { useState } from "preact/hooks";

import type { Webhook } from "../../../clients/typescript/rolecall";
import { useAct } from "../parts/act";
import { Confirm, SecretDialog } from "../parts/confirm";
import { TextField } from "../parts/fields";
import * as texts from "../texts/webhooks";
import { addWebhook, deleteWebhook, type NewSecret, rotateSecret } from "./acts";

interface DialogProps {
  webhook: Webhook;
  onClose: () => void;
}

export function CreateDialog({ onClose }: { onClose: () => void }) {
  const [url, setUrl] = useState("");
  const [user, setUser] = useState("");
  const [made, setMade] = useState<NewSecret | null>(null);
  const act = useAct(async () => setMade(await addWebhook(url.trim(), user.trim())));
  if (made) {
    return <SecretDialog {...made} label={texts.secret} onClose={onClose} />;
  }
  return (
    <Confirm
      title={texts.creationTitle}
      submit={texts.creationSubmit}
      act={act}
      onSubmit={() => void act.start()}
      onClose={onClose}
    >
      <TextField
        label={texts.url}
        hint={texts.creationUrlHint}
        type="url"
        required
        maxLength={2000}
        data-focus
        value={url}
        onValue={setUrl}
      />
      <TextField
        label={texts.creationUser}
        hint={texts.creationUserHint}
        optional
        autocomplete="off"
        spellcheck={false}
        value={user}
        onValue={setUser}
      />
    </Confirm>
  );
}

export function RotateDialog({ webhook, onClose }: DialogProps) {
  const [made, setMade] = useState<NewSecret | null>(null);
  // The list may show another state as soon as the secret is made.
  const [wasDisabled] = useState(webhook.status === "disabled");
  const act = useAct(async () => setMade(await rotateSecret(webhook)));
  const { title, text, enables, submit } = texts.rotation;
  if (made) {
    return <SecretDialog {...made} label={texts.secret} onClose={onClose} />;
  }
  return (
    <Confirm
      title={title}
      text={wasDisabled ? `${text(webhook.url)} ${enables}` : text(webhook.url)}
      submit={submit}
      act={act}
      onSubmit={() => void act.start()}
      onClose={onClose}
    />
  );
}

export function DeleteDialog({ webhook, onClose }: DialogProps) {
  const act = useAct(async () => {
    await deleteWebhook(webhook);
    onClose();
  });
  const { title, text, submit } = texts.deletion;
  return (
    <Confirm
      title={title}
      text={text(webhook.url)}
      submit={submit}
      danger
      act={act}
      onSubmit={() => void act.start()}
      onClose={onClose}
    />
  );
}
