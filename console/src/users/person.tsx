// One user: who they are, their role, and what else can be changed.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { Role } from "../../../clients/typescript/rolecall";
import { describeError } from "../api/errors";
import { session } from "../api/session";
import { useAction } from "../parts/action";
import { SelectField } from "../parts/fields";
import { useQuery } from "../parts/query";
import { Refusal } from "../parts/refusal";
import { route, setQuery } from "../parts/route";
import { Badge, Moment, Problem } from "../parts/small";
import * as common from "../texts/common";
import * as texts from "../texts/users";
import { changeRole, readUser, type Shown } from "./actions";
import { ActiveDialog, DeleteDialog, RotateDialog, SetPasswordDialog } from "./person-dialogs";
import { NO_TERMS, ROLES, untilOf } from "./roles";
import { TermsFields } from "./terms";

/** An action on a person, as it stands in the address. */
export type PersonAction = "role" | "rotate" | "password" | "active" | "delete";

interface PersonProps {
  id: string;
  /** Called with the email, once it is known. */
  onTitle: (title: string) => void;
  /** Called when the user is deleted. */
  onGone: () => void;
}

export function Person({ id, onTitle, onGone }: PersonProps) {
  const found = useQuery({ queryKey: ["user", id], queryFn: ({ signal }) => readUser(id, signal), staleTime: 0 });
  const user = found.data?.data;
  useEffect(() => {
    if (user) {
      onTitle(user.email);
    }
  }, [user?.email]);
  if (found.error) {
    return <Problem>{describeError(found.error)}</Problem>;
  }
  return user ? <Details user={user} onGone={onGone} /> : <p class="muted">{common.loading}</p>;
}

function Details({ user, onGone }: { user: Shown; onGone: () => void }) {
  return (
    <>
      <dl class="facts">
        <Fact name={texts.role}>
          {user.role}
          {user.role_until && (
            <span class="until">{texts.until(user.role_until, user.lasting_role ?? user.role)}</span>
          )}
        </Fact>
        <Fact name={texts.state}>
          <Badge tone={user.active ? "good" : "warn"}>{user.active ? texts.active : texts.inactive}</Badge>
        </Fact>
        <Fact name={texts.personCreated}>
          <Moment at={user.created_at} />
        </Fact>
        <Fact name={texts.changed}>
          <Moment at={user.updated_at} />
        </Fact>
        <Fact name="Id">
          <code>{user.id}</code>
        </Fact>
      </dl>
      <RoleForm user={user} />
      <OtherActions user={user} onGone={onGone} />
    </>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Changes the role with an end and a reason. A role that is in force can be given again, to change its end. */
function RoleForm({ user }: { user: Shown }) {
  const form = useRef<HTMLFormElement>(null);
  const offered = ROLES.filter((role) => role === user.role || user.allowed_roles?.includes(role));
  const [chosen, setChosen] = useState<Role | null>(null);
  const role = chosen ?? user.role;
  const [terms, setTerms] = useState(NO_TERMS);
  const action = useAction(async () => {
    const until = untilOf(terms, new Date());
    await changeRole(user, { new_role: role, ...(until && { until }) }, terms.reason.trim());
    setChosen(null);
    setTerms(NO_TERMS);
  });
  const submit = (event: Event) => {
    event.preventDefault();
    void action.start();
  };
  useEffect(() => {
    if (form.current && route.value.query["do"] === "role") {
      form.current.querySelector("select")?.focus();
      setQuery({ do: null });
    }
  });
  if (!user.allowed_roles?.length) {
    return <p class="muted">{texts.personCannotChange}</p>;
  }
  return (
    <form ref={form} class="section" onSubmit={submit} aria-label={texts.personChangeRole}>
      <h3>{texts.personChangeRole}</h3>
      <div class="role-form">
        <SelectField
          label={texts.personNewRole}
          options={offered.map((one) => [one, one] as const)}
          value={role}
          onValue={(one) => setChosen(one as Role)}
        />
        <TermsFields terms={terms} onTerms={setTerms} />
        <button type="submit" class="primary" aria-disabled={action.busy}>
          {texts.personChangeButton}
        </button>
      </div>
      <Refusal action={action} anyway={texts.anyway(role)} onAnyway={() => void action.start()} />
    </form>
  );
}

/** The action that was chosen stands in the address, so the palette can choose it too. */
function OtherActions({ user, onGone }: { user: Shown; onGone: () => void }) {
  // The API refuses the other actions on oneself.
  const isOneself = user.id === session.value?.userId;
  const asked = route.value.query["do"];
  const open = isOneself && asked !== "rotate" ? null : asked;
  const setOpen = (what: PersonAction | null) => setQuery({ do: what });
  const close = () => setOpen(null);
  return (
    <section class="section" aria-label={texts.personActions}>
      <h3>{texts.personActions}</h3>
      <div class="actions">
        <button type="button" onClick={() => setOpen("rotate")}>
          {texts.personRotate}
        </button>
        {!isOneself && (
          <>
            <button type="button" onClick={() => setOpen("password")}>
              {texts.personSetPassword}
            </button>
            <button type="button" onClick={() => setOpen("active")}>
              {user.active ? texts.personDeactivate : texts.personActivate}
            </button>
            <button type="button" class="danger" onClick={() => setOpen("delete")}>
              {texts.personDelete}
            </button>
          </>
        )}
      </div>
      {open === "active" && <ActiveDialog user={user} onClose={close} />}
      {open === "rotate" && <RotateDialog user={user} onClose={close} />}
      {open === "password" && <SetPasswordDialog user={user} onClose={close} />}
      {open === "delete" && <DeleteDialog user={user} onClose={close} onGone={onGone} />}
    </section>
  );
}
