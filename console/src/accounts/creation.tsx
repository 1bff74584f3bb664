// The dialog that creates an account of the platform.

import { useState } from "preact/hooks";

import type { PlatformRole } from "../../../clients/typescript/rolecall";
import { useAction } from "../parts/action";
import { Confirm } from "../parts/confirm";
import { SecretField, SelectField, TextField } from "../parts/fields";
import { useIdempotencyKey } from "../parts/idempotency";
import * as texts from "../texts/accounts";
import { createAccount, ROLES, roleText } from "./actions";

export function CreationDialog({ onClose }: { onClose: () => void }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [firstName, setFirstName] = useState("");
  const [lastName, setLastName] = useState("");
  const [role, setRole] = useState<PlatformRole>("ROLE_CLIENT");
  const account = { email: email.trim(), password, firstName: firstName.trim(), lastName: lastName.trim(), role };
  const key = useIdempotencyKey(account);
  const action = useAction(async () => {
    await createAccount(account, key);
    onClose();
  });
  return (
    <Confirm
      title={texts.creationTitle}
      submit={texts.creationSubmit}
      action={action}
      onSubmit={() => void action.start()}
      onClose={onClose}
    >
      <TextField label={texts.creationEmail} type="email" autocomplete="off" required data-focus value={email} onValue={setEmail} />
      <TextField label={texts.creationFirstName} autocomplete="off" required value={firstName} onValue={setFirstName} />
      <TextField label={texts.creationLastName} autocomplete="off" required value={lastName} onValue={setLastName} />
      <SecretField
        label={texts.creationPassword}
        hint={texts.creationPasswordHint}
        autocomplete="new-password"
        required
        minLength={8}
        maxLength={128}
        value={password}
        onValue={setPassword}
      />
      <SelectField
        label={texts.role}
        options={ROLES.map((one) => [one, roleText(one)] as const)}
        value={role}
        onValue={(chosen) => setRole(chosen as PlatformRole)}
      />
    </Confirm>
  );
}
