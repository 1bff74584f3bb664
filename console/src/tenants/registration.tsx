// The dialog that registers a tenant with its first admin.

import { useState } from "preact/hooks";

import type { TenantRegistered } from "../../../clients/typescript/rolecall";
import { api, dataOf } from "../api/client";
import { queryClient } from "../api/queries";
import { useAct } from "../parts/act";
import { Dialog } from "../parts/dialog";
import { SecretField, TextField } from "../parts/fields";
import { announce } from "../parts/notice";
import { Problem, SecretOnce } from "../parts/small";
import { texts as common } from "../texts/common";
import { texts } from "../texts/tenants";

export function RegistrationDialog({ onClose }: { onClose: () => void }) {
  const [registered, setRegistered] = useState<TenantRegistered | null>(null);
  return (
    <Dialog title={texts.registration.title} onClose={onClose} key={registered ? "token" : "form"}>
      {registered ? (
        <div class="body">
          <p>{texts.registration.done(registered.tenant.name)}</p>
          <SecretOnce label={texts.registration.token(registered.user.email)} secret={registered.token} />
          <footer>
            <button type="button" onClick={onClose}>
              {common.dialog.done}
            </button>
          </footer>
        </div>
      ) : (
        <RegistrationForm onClose={onClose} onDone={setRegistered} />
      )}
    </Dialog>
  );
}

function RegistrationForm({ onClose, onDone }: { onClose: () => void; onDone: (registered: TenantRegistered) => void }) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const key = useIdempotencyKey(JSON.stringify([name, email, password]));
  const act = useAct(async () => {
    const registered = await dataOf(
      api.POST("/register", {
        params: { header: { "Idempotency-Key": key } },
        body: { tenant_name: name.trim(), email: email.trim(), password },
      }),
    );
    announce(texts.registration.done(registered.tenant.name));
    void queryClient.invalidateQueries({ queryKey: ["tenants"] });
    onDone(registered);
  });
  const submit = (event: Event) => {
    event.preventDefault();
    void act.start();
  };
  return (
    <form onSubmit={submit}>
      <TextField label={texts.registration.name} autocomplete="off" required data-focus value={name} onValue={setName} />
      <TextField
        label={texts.registration.email}
        type="email"
        autocomplete="off"
        required
        value={email}
        onValue={setEmail}
      />
      <SecretField
        label={texts.registration.password}
        hint={texts.registration.passwordHint}
        autocomplete="new-password"
        required
        minLength={8}
        maxLength={128}
        value={password}
        onValue={setPassword}
      />
      {act.problem && <Problem>{act.problem}</Problem>}
      <footer>
        <button type="button" onClick={onClose}>
          {common.dialog.cancel}
        </button>
        <button type="submit" class="primary" aria-disabled={act.busy}>
          {texts.registration.submit}
        </button>
      </footer>
    </form>
  );
}

/** Returns a key that is the same for the same content, so that a request sent twice has one effect. */
export function useIdempotencyKey(content: string): string {
  const [kept, setKept] = useState(() => ({ content, key: crypto.randomUUID() }));
  if (kept.content === content) {
    return kept.key;
  }
  const next = { content, key: crypto.randomUUID() };
  setKept(next);
  return next.key;
}
