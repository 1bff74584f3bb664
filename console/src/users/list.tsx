// The list of the users of a tenant, for its admins.

import { useEffect, useState } from "preact/hooks";

import type { ListedUser, Role } from "../../../clients/typescript/rolecall";
import { api, dataOf } from "../api/client";
import { describeError } from "../api/errors";
import { ChoiceFilter, SearchFilter } from "../parts/filters";
import { Pager, usePages } from "../parts/pages";
import { keepPreviousData, useQuery } from "../parts/query";
import { route } from "../parts/route";
import { Problem } from "../parts/small";
import * as common from "../texts/common";
import * as texts from "../texts/users";
import { NO_TERMS, ROLES } from "./roles";
import { UserRow } from "./row";
import { isSelected, selectUnder, setSelected } from "./selection";
import { SelectionBar } from "./selection-bar";
import { TermsOfList } from "./terms";

/** How many users a page has. */
const SIZE = 50;

export function UserList() {
  const filters = usedFilters();
  const key = JSON.stringify(filters);
  const pages = usePages(key);
  const [terms, setTerms] = useState(NO_TERMS);
  const { cursor } = pages;
  const list = useQuery({
    queryKey: ["users", filters, cursor],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET("/users", {
          params: { query: { ...filters, limit: SIZE, include: "allowed_roles", ...(cursor && { cursor }) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });
  useEffect(() => selectUnder(key), [key]);
  const users = list.data?.users ?? [];
  return (
    <>
      <Filters />
      <div class="toolbar">
        <TermsOfList terms={terms} onTerms={setTerms} />
        <SelectionBar filters={filters} hasMore={Boolean(list.data?.next_cursor) || pages.number > 0} />
      </div>
      {list.error && (
        <div class="refusal">
          <Problem>{describeError(list.error)}</Problem>
          <button type="button" onClick={() => void list.refetch()}>
            {common.errorsRetry}
          </button>
        </div>
      )}
      <div class="table-frame" aria-busy={list.isFetching}>
        <table class="users">
          <Head users={users} />
          <tbody>
            {users.map((user) => (
              <UserRow key={user.id} user={user} terms={terms} />
            ))}
          </tbody>
        </table>
        {list.isPending && !list.error && <p class="empty">{common.loading}</p>}
        {list.isSuccess && users.length === 0 && (
          <p class="empty">
            {texts.empty} {texts.emptyHint}
          </p>
        )}
      </div>
      <Pager
        pages={pages}
        label={texts.title}
        size={SIZE}
        count={users.length}
        nextCursor={list.data?.next_cursor}
        loading={list.isPending}
      />
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
