// The screen of the users of a tenant.

import { keepPreviousData, useQuery } from "@tanstack/preact-query";

import type { Role } from "../../../clients/typescript/rolecall";
import { api, dataOf } from "../api/client";
import { describeError } from "../api/errors";
import { ChoiceFilter, SearchFilter } from "../parts/filters";
import { Pager, usePages } from "../parts/pages";
import { route } from "../parts/route";
import { Badge, Moment, Problem, Typed } from "../parts/small";
import { texts as common } from "../texts/common";
import { texts } from "../texts/users";

/** How many users a page has. */
const SIZE = 50;

const ROLES: readonly Role[] = ["admin", "manager", "user"];

export function UsersPage() {
  const filters = usedFilters();
  const pages = usePages(JSON.stringify(filters));
  const list = useQuery({
    queryKey: ["users", filters, pages.cursor],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET("/users", {
          params: { query: { ...filters, limit: SIZE, include: "allowed_roles", ...(pages.cursor && { cursor: pages.cursor }) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>{texts.title}</h1>
      </header>
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
      {list.error && <Problem>{describeError(list.error)}</Problem>}
      <div class="table-frame" aria-busy={list.isFetching}>
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.email}</th>
              <th scope="col">{texts.role}</th>
              <th scope="col">{texts.until}</th>
              <th scope="col">{texts.state}</th>
              <th scope="col">{texts.changed}</th>
            </tr>
          </thead>
          <tbody>
            {list.data?.users.map((user) => (
              <tr key={user.id}>
                <th scope="row">
                  <Typed>{user.email}</Typed>
                </th>
                <td>{common.roles[user.role]}</td>
                <td>{user.role_until && <Moment at={user.role_until} />}</td>
                <td>
                  <Badge tone={user.active ? "good" : "plain"}>{user.active ? texts.active : texts.inactive}</Badge>
                </td>
                <td>
                  <Moment at={user.updated_at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Pager
        pages={pages}
        label={texts.title}
        size={SIZE}
        count={list.data?.users.length ?? 0}
        nextCursor={list.data?.next_cursor}
      />
    </>
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
