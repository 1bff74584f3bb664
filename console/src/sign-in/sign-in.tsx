// The sign-in page: one group for each kind of credential.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import type { Session } from "../api/session";
import { begin, checkToken, logInAccount, logInUser } from "../api/sign-in";
import { ApiError } from "../api/errors";
import { useAction } from "../parts/action";
import { SecretField, TextField } from "../parts/fields";
import { Problem } from "../parts/small";
import * as texts from "../texts/sign-in";
import { Mark, ThemeChoice } from "../shell/parts";

export function SignIn() {
  return (
    <main class="sign-in">
      <header>
        <Mark />
        <h1 tabIndex={-1}>{texts.title}</h1>
        <p>{texts.intro}</p>
      </header>
      <div class="groups">
        <PasswordGroup title={texts.tenantUser} hint={texts.tenantUserHint} logIn={logInUser} />
        <PasswordGroup title={texts.account} hint={texts.accountHint} logIn={logInAccount} />
        <TokenGroup />
      </div>
      <footer>
        <p>{texts.kept}</p>
        <ThemeChoice />
      </footer>
    </main>
  );
}

function PasswordGroup({
  title,
  hint,
  logIn,
}: {
  title: string;
  hint: string;
  logIn: (email: string, password: string) => Promise<Session>;
}) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  return (
    <Group title={title} hint={hint} logIn={() => logIn(email.trim(), password)}>
      <TextField
        label={texts.email}
        type="email"
        autocomplete="username"
        required
        value={email}
        onValue={setEmail}
      />
      <SecretField
        label={texts.password}
        autocomplete="current-password"
        required
        value={password}
        onValue={setPassword}
      />
    </Group>
  );
}

function TokenGroup() {
  const [token, setToken] = useState("");
  return (
    <Group title={texts.withToken} hint={texts.tokenHint} logIn={() => checkToken(token.trim())}>
      <SecretField label={texts.token} autocomplete="off" required value={token} onValue={setToken} />
    </Group>
  );
}

interface GroupProps {
  title: string;
  hint: string;
  logIn: () => Promise<Session>;
  children: ComponentChildren;
}

function Group({ title, hint, logIn, children }: GroupProps) {
  const action = useAction(async () => begin(await logIn()));
  const submit = (event: Event) => {
    event.preventDefault();
    void action.start();
  };
  return (
    <form onSubmit={submit}>
      <fieldset>
        <legend>{title}</legend>
        <p class="hint">{hint}</p>
        {children}
        {action.problem && <Problem>{isRefusal(action.error) ? texts.refused : action.problem}</Problem>}
        <button type="submit" class="primary" aria-disabled={action.busy}>
          {texts.submit}
        </button>
        <span class="unseen" aria-live="polite">
          {action.busy && texts.busy}
        </span>
      </fieldset>
    </form>
  );
}

/** Whether the API does not accept the credential. It does not say why, and so the page can't either. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

