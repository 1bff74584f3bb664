// Dialogs over webhooks: adding one, a new secret, the deletion.

import { useState } from "preact/hooks";

import type { Webhook } from "../../../clients/typescript/rolecall";
import { useAction } from "../parts/action";
import { Confirm, SecretDialog } from "../parts/confirm";
import { TextField } from "../parts/fields";
import * as texts from "../texts/webhooks";
import { addWebhook, deleteWebhook, type NewSecret, rotateSecret } from "./actions";

interface DialogProps {
  webhook: Webhook;
  onClose: () => void;
}

export function CreateDialog({ onClose }: { onClose: () => void }) {
  const [url, setUrl] = useState("");
  const [user, setUser] = useState("");
  const [made, setMade] = useState<NewSecret | null>(null);
  const action = useAction(async () => setMade(await addWebhook(url.trim(), user.trim())));
  if (made) {
    return <SecretDialog {...made} label={texts.secret} onClose={onClose} />;
  }
  return (
    <Confirm
      title={texts.creationTitle}
      submit={texts.creationSubmit}
      action={action}
      onSubmit={() => void action.start()}
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
  const action = useAction(async () => setMade(await rotateSecret(webhook)));
  const { title, text, enables, submit } = texts.rotation;
  if (made) {
    return <SecretDialog {...made} label={texts.secret} onClose={onClose} />;
  }
  return (
    <Confirm
      title={title}
      text={wasDisabled ? `${text(webhook.url)} ${enables}` : text(webhook.url)}
      submit={submit}
      action={action}
      onSubmit={() => void action.start()}
      onClose={onClose}
    />
  );
}

export function DeleteDialog({ webhook, onClose }: DialogProps) {
  const action = useAction(async () => {
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
      action={action}
      onSubmit={() => void action.start()}
      onClose={onClose}
    />
  );
}
