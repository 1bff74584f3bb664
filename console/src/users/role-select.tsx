// The choice of a role. Only the roles that the API would accept are offered.

import { useEffect, useRef, useState } from "preact/hooks";

import type { Role } from "../../../clients/typescript/rolecall";
import * as texts from "../texts/users";
import type { Shown } from "./actions";
import { ROLES } from "./roles";

/** How long the keys must pause until a role that they passed is chosen. */
const PAUSE_MS = 900;

interface RoleSelectProps {
  user: Shown;
  /** The role that is being given now, while the request runs. */
  pending: Role | null;
  describedBy: string | undefined;
  onChoose: (role: Role) => void;
}

/**
 * A select that changes the role in place. The arrow keys pass several roles on the way, so a choice by keys counts
 * once they pause, or with Enter or Tab. Escape takes it back.
 */
export function RoleSelect({ user, pending, describedBy, onChoose }: RoleSelectProps) {
  const [passed, setPassed] = useState<Role | null>(null);
  const byKeys = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const choose = (role: Role | null) => {
    clearTimeout(timer.current);
    byKeys.current = false;
    setPassed(null);
    if (role && role !== user.role) {
      onChoose(role);
    }
  };
  const change = (role: Role) => {
    if (!byKeys.current) {
      choose(role);
      return;
    }
    setPassed(role);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => choose(role), PAUSE_MS);
  };
  const press = (key: string) => {
    if (key === "Enter") {
      choose(passed);
    } else if (key === "Escape") {
      choose(null);
    } else {
      byKeys.current = true;
    }
  };
  const offered = user.allowed_roles ?? [];
  return (
    <select
      aria-label={texts.roleOf(user.email)}
      aria-describedby={describedBy}
      disabled={offered.length === 0}
      value={pending ?? passed ?? user.role}
      onPointerDown={() => {
        byKeys.current = false;
      }}
      onKeyDown={(event) => press(event.key)}
      onBlur={() => choose(passed)}
      onChange={(event) => change(event.currentTarget.value as Role)}
    >
      {ROLES.filter((role) => role === user.role || offered.includes(role)).map((role) => (
        <option key={role} value={role}>
          {role}
        </option>
      ))}
    </select>
  );
}
