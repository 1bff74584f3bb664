// A row of the list of users.

import { useId, useRef, useState } from "preact/hooks";

import type { ListedUser, Role } from "../../../clients/typescript/rolecall";
import { session } from "../api/session";
import { useAction } from "../parts/action";
import { toHash } from "../parts/address";
import { Refusal } from "../parts/refusal";
import { route } from "../parts/route";
import { Badge, Moment, Typed } from "../parts/small";
import * as texts from "../texts/users";
import { changeRole } from "./actions";
import { RoleSelect } from "./role-select";
import { type Terms, untilOf } from "./roles";
import { isSelected, toggle } from "./selection";

/** `terms` are the end and the reason for a role that is changed here. */
export function UserRow({ user, terms }: { user: ListedUser; terms: Terms }) {
  const id = useId();
  const [pending, setPending] = useState<Role | null>(null);
  const action = useAction(async (role: Role) => {
    setPending(role);
    try {
      const until = untilOf(terms, new Date());
      await changeRole(user, { new_role: role, ...(until && { until }) }, terms.reason.trim());
    } finally {
      setPending(null);
    }
  });
  const asked = useRef<Role>(user.role);
  const choose = (role: Role) => {
    asked.current = role;
    void action.start(role);
  };

  const address = toHash(["users"], { ...route.value.query, person: user.id });
  return (
    <tr aria-busy={action.busy}>
      <td class="tick">
        <input
          type="checkbox"
          aria-label={texts.selectionOne(user.email)}
          checked={isSelected(user.id)}
          onChange={() => toggle(user)}
        />
      </td>
      <th scope="row">
        <a href={address}>
          <Typed>{user.email}</Typed>
        </a>
        {user.id === session.value?.userId && <Badge>{texts.you}</Badge>}
        {!user.active && (
          <span class="narrow-only">
            <Badge tone="warn">{texts.inactive}</Badge>
          </span>
        )}
      </th>
      <td class="role">
        <RoleSelect user={user} pending={pending} describedBy={action.error ? id : undefined} onChoose={choose} />
        {user.role_until && (
          <span class="until">{texts.until(user.role_until, user.lasting_role ?? user.role)}</span>
        )}
        <div id={id}>
          <Refusal
            action={action}
            anyway={asked.current === user.role ? undefined : texts.anyway(asked.current)}
            onAnyway={() => choose(asked.current)}
          />
        </div>
      </td>
      <td class="wide-only">
        <Badge tone={user.active ? "good" : "warn"}>{user.active ? texts.active : texts.inactive}</Badge>
      </td>
      <td class="wide-only">
        <Moment at={user.updated_at} />
      </td>
    </tr>
  );
}
