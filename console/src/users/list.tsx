// The list of the users of a tenant, for its admins.

import { useEffect, useState } from "preact/hooks";

import type { ListedUser, Role } from "../../../clients/typescript/rolecall";
import { api, dataOf } from "../api/client";
import { ChoiceFilter, SearchFilter } from "../parts/filters";
import { ListFrame, useList } from "../parts/list";
import { route } from "../parts/route";
import * as texts from "../texts/users";
import { NO_TERMS, ROLES } from "./roles";
import { UserRow } from "./row";
import { isSelected, selectUnder, setSelected } from "./selection";
import { SelectionBar } from "./selection-bar";
import { TermsOfList } from "./terms";

export function UserList() {
  const filters = usedFilters();
  const [terms, setTerms] = useState(NO_TERMS);
  const list = useList("users", filters, (query, signal) =>
    dataOf(api.GET("/users", { params: { query: { ...query, include: "allowed_roles" } }, signal })),
  );
  const key = JSON.stringify(filters);
  useEffect(() => selectUnder(key), [key]);
  const { users = [], next_cursor: nextCursor } = list.query.data ?? {};
  return (
    <>
      <Filters />
      <div class="toolbar">
        <TermsOfList terms={terms} onTerms={setTerms} />
        <SelectionBar filters={filters} hasMore={Boolean(nextCursor) || list.pages.number > 1} />
      </div>
      <ListFrame list={list} label={texts.title} count={users.length} nextCursor={nextCursor} none={texts.empty}>
        <table class="users">
          <Head users={users} />
          <tbody>
            {users.map((user) => (
              <UserRow key={user.id} user={user} terms={terms} />
            ))}
          </tbody>
        </table>
      </ListFrame>
    </>
  );
}

function Filters() {
  return (
    <div class="filters">
      <SearchFilter label={texts.search} name="email" />
      <ChoiceFilter
        label={texts.role}
        name="role"
        options={[["", texts.anyRole], ...ROLES.map((role) => [role, role] as const)]}
      />
      <ChoiceFilter
        label={texts.state}
        name="active"
        options={[
          ["", texts.anyState],
          ["true", texts.active],
          ["false", texts.inactive],
        ]}
      />
    </div>
  );
}

function Head({ users }: { users: readonly ListedUser[] }) {
  const chosen = users.filter((user) => isSelected(user.id)).length;
  return (
    <thead>
      <tr>
        <td class="tick">
          <input
            type="checkbox"
            aria-label={texts.selectionAll}
            checked={users.length > 0 && chosen === users.length}
            indeterminate={chosen > 0 && chosen < users.length}
            onChange={(event) => setSelected(users, event.currentTarget.checked)}
          />
        </td>
        <th scope="col">{texts.email}</th>
        <th scope="col">{texts.role}</th>
        <th scope="col" class="wide-only">
          {texts.state}
        </th>
        <th scope="col" class="wide-only">
          {texts.changed}
        </th>
      </tr>
    </thead>
  );
}

/** Returns the filters that stand in the address, as the API takes them. */
function usedFilters(): { email?: string; role?: Role; active?: boolean } {
  const { email, role, active } = route.value.query;
  return {
    ...(email && { email }),
    ...(ROLES.includes(role as Role) && { role: role as Role }),
    ...((active === "true" || active === "false") && { active: active === "true" }),
  };
}
