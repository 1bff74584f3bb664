// The dialog that creates a user and then shows the API token, this once.

import { useRef, useState } from "preact/hooks";

import type { Role } from "../../../clients/typescript/rolecall";
import { useAction } from "../parts/action";
import { Dialog } from "../parts/dialog";
import { SecretField, SelectField, TextField } from "../parts/fields";
import { Problem } from "../parts/small";
import * as common from "../texts/common";
import * as signIn from "../texts/sign-in";
import * as texts from "../texts/users";
import { createUser } from "./actions";
import { TokenDialog } from "./person-dialogs";
import { ROLES } from "./roles";

export function CreateDialog({ onClose }: { onClose: () => void }) {
  const [user, setUser] = useState<{ email: string; password: string; role: Role }>({
    email: "",
    password: "",
    role: "user",
  });
  const [token, setToken] = useState<string | null>(null);
  // The API knows by the key that a repeated request is the same one. Other values need another key.
  const key = useRef(crypto.randomUUID());
  const change = (changed: Partial<typeof user>) => {
    key.current = crypto.randomUUID();
    setUser({ ...user, ...changed });
  };
  const action = useAction(async () => setToken(await createUser({ ...user, email: user.email.trim() }, key.current)));
  const submit = (event: Event) => {
    event.preventDefault();
    void action.start();
  };
  if (token !== null) {
    return <TokenDialog title={texts.creationDoneTitle(user.email.trim())} token={token} onClose={onClose} />;
  }
  return (
    <Dialog title={texts.creationTitle} onClose={onClose}>
      <form onSubmit={submit}>
        <TextField
          label={texts.email}
          type="email"
          autocomplete="off"
          required
          data-focus
          value={user.email}
          onValue={(email) => change({ email })}
        />
        <SecretField
          label={signIn.password}
          hint={signIn.newPasswordHint}
          autocomplete="new-password"
          required
          minLength={8}
          maxLength={128}
          value={user.password}
          onValue={(password) => change({ password })}
        />
        <SelectField
          label={texts.role}
          options={ROLES.map((role) => [role, role] as const)}
          value={user.role}
          onValue={(role) => change({ role: role as Role })}
        />
        {action.problem && <Problem>{action.problem}</Problem>}
        <footer>
          <button type="button" onClick={onClose}>
            {common.dialogCancel}
          </button>
          <button type="submit" class="primary" aria-disabled={action.busy}>
            {texts.creationSubmit}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
