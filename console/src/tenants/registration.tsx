// The dialog that registers a tenant with its first admin.

import { useState } from "preact/hooks";

import type { TenantRegistered } from "../../../clients/typescript/rolecall";
import { api, dataOf } from "../api/client";
import { queryClient } from "../api/queries";
import { useAction } from "../parts/action";
import { Confirm, SecretDialog } from "../parts/confirm";
import { SecretField, TextField } from "../parts/fields";
import { announce } from "../parts/notice";
import { useIdempotencyKey } from "../parts/idempotency";
import * as texts from "../texts/tenants";

export function RegistrationDialog({ onClose }: { onClose: () => void }) {
  const [registered, setRegistered] = useState<TenantRegistered | null>(null);
  if (registered) {
    const { tenant, user, token } = registered;
    const said = texts.registration;
    return <SecretDialog title={said.done(tenant.name)} label={said.token(user.email)} secret={token} onClose={onClose} />;
  }
  return <RegistrationForm onClose={onClose} onDone={setRegistered} />;
}

function RegistrationForm({ onClose, onDone }: { onClose: () => void; onDone: (registered: TenantRegistered) => void }) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const body = { tenant_name: name.trim(), email: email.trim(), password };
  const key = useIdempotencyKey(body);
  const action = useAction(async () => {
    const registered = await dataOf(api.POST("/register", { params: { header: { "Idempotency-Key": key } }, body }));
    announce(texts.registration.done(registered.tenant.name));
    void queryClient.invalidateQueries({ queryKey: ["tenants"] });
    onDone(registered);
  });
  return (
    <Confirm
      title={texts.registration.title}
      submit={texts.registration.submit}
      action={action}
      onSubmit={() => void action.start()}
      onClose={onClose}
    >
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
    </Confirm>
  );
}
