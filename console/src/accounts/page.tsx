// The screen of the platform's accounts, for superadmins.

import { useState } from "preact/hooks";

import type { Account, PlatformRole } from "../../../clients/typescript/rolecall";
import { api, dataOf } from "../api/client";
import { describeError } from "../api/errors";
import { session } from "../api/session";
import { ChoiceFilter, SearchFilter } from "../parts/filters";
import { Pager, usePages } from "../parts/pages";
import { keepPreviousData, useQuery } from "../parts/query";
import { route, setQuery } from "../parts/route";
import { Badge, Moment, Problem, Typed } from "../parts/small";
import * as texts from "../texts/accounts";
import { roleOf, ROLES, roleText } from "./acts";
import { CreationDialog } from "./creation";
import { AccountDialog, HistoryDialog } from "./dialogs";
import { RoleDialog } from "./role";

/** How many accounts a page has. */
const SIZE = 50;

/** A dialog about one account. */
type Opened = { what: "account" | "history"; account: Account } | { what: "role"; account: Account; role: PlatformRole };

export function AccountsPage() {
  const [opened, setOpened] = useState<Opened | null>(null);
  const filters = usedFilters();
  const pages = usePages(JSON.stringify(filters));
  const list = useQuery({
    queryKey: ["accounts", filters, pages.cursor],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET("/v1/api/superadmin/users", {
          params: { query: { ...filters, limit: SIZE, ...(pages.cursor && { cursor: pages.cursor }) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });
  const close = () => setOpened(null);
  const yesOrNo = [
    ["", texts.any],
    ["true", texts.yes],
    ["false", texts.no],
  ] as const;
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>{texts.title}</h1>
        <button type="button" class="primary" onClick={() => setQuery({ do: "create" })}>
          {texts.create}
        </button>
      </header>
      <div class="filters">
        <SearchFilter label={texts.search} name="email" />
        <ChoiceFilter
          label={texts.role}
          name="role"
          options={[["", texts.anyRole], ...ROLES.map((role) => [role, roleText(role)] as const)]}
        />
        <ChoiceFilter label={texts.enabled} name="enabled" options={yesOrNo} />
        <ChoiceFilter label={texts.banned} name="banned" options={yesOrNo} />
      </div>
      {list.error && <Problem>{describeError(list.error)}</Problem>}
      <div class="table-frame" aria-busy={list.isFetching}>
        <table class="stacked">
          <thead>
            <tr>
              <th scope="col">{texts.email}</th>
              <th scope="col">{texts.name}</th>
              <th scope="col">{texts.role}</th>
              <th scope="col">{texts.state}</th>
              <th scope="col">{texts.lastLogin}</th>
              <th scope="col">
                <span class="unseen">{texts.acts}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {list.data?.users.map((account) => (
              <AccountRow key={account.id} account={account} open={setOpened} />
            ))}
          </tbody>
        </table>
        {list.data?.users.length === 0 && <p class="empty">{texts.none}</p>}
      </div>
      <Pager
        pages={pages}
        label={texts.title}
        size={SIZE}
        count={list.data?.users.length ?? 0}
        nextCursor={list.data?.nextCursor}
      />
      {opened?.what === "account" && <AccountDialog account={opened.account} onClose={close} />}
      {opened?.what === "history" && <HistoryDialog account={opened.account} onClose={close} />}
      {opened?.what === "role" && <RoleDialog account={opened.account} role={opened.role} onClose={close} />}
      {route.value.query["do"] === "create" && <CreationDialog onClose={() => setQuery({ do: null })} />}
    </>
  );
}

function AccountRow({ account, open }: { account: Account; open: (opened: Opened) => void }) {
  const { email } = account;
  const isSelf = session.value?.email?.toLowerCase() === email.toLowerCase();
  const role = roleOf(account);
  return (
    <tr>
      <th scope="row">
        <button type="button" class="link" title={texts.open(email)} onClick={() => open({ what: "account", account })}>
          <Typed>{email}</Typed>
        </button>{" "}
        {isSelf && <Badge>{texts.you}</Badge>}
      </th>
      <td data-label={texts.name}>
        <Typed>{`${account.firstName} ${account.lastName}`}</Typed>
      </td>
      <td data-label={texts.role}>
        <select
          aria-label={texts.roleOf(email)}
          disabled={isSelf}
          value={role}
          onChange={(event) => {
            const wanted = event.currentTarget.value as PlatformRole;
            // The dialog asks first, so the select keeps what is true.
            event.currentTarget.value = role;
            open({ what: "role", account, role: wanted });
          }}
        >
          {ROLES.map((one) => (
            <option key={one} value={one}>
              {roleText(one)}
            </option>
          ))}
        </select>
        {account.roleUntil && account.lastingRole && (
          <div class="muted">{texts.until(account.roleUntil, roleText(account.lastingRole))}</div>
        )}
      </td>
      <td data-label={texts.state}>
        <StateBadges account={account} />
      </td>
      <td data-label={texts.lastLogin}>
        <Moment at={account.lastLoginAt} />
      </td>
      <td class="row-acts">
        <button type="button" aria-label={texts.historyOf(email)} onClick={() => open({ what: "history", account })}>
          {texts.history}
        </button>
      </td>
    </tr>
  );
}

export function StateBadges({ account }: { account: Account }) {
  return (
    <>
      {account.banned && <Badge tone="bad">{texts.statesBanned}</Badge>}{" "}
      {!account.enabled && <Badge tone="warn">{texts.statesDisabled}</Badge>}
      {account.enabled && !account.banned && <Badge tone="good">{texts.statesEnabled}</Badge>}
    </>
  );
}

/** Returns the filters that stand in the address, as the API takes them. */
function usedFilters(): { email?: string; role?: PlatformRole; enabled?: boolean; banned?: boolean } {
  const { email, role, enabled, banned } = route.value.query;
  const isFlag = (value: string | undefined) => value === "true" || value === "false";
  return {
    ...(email && { email }),
    ...(ROLES.includes(role as PlatformRole) && { role: role as PlatformRole }),
    ...(isFlag(enabled) && { enabled: enabled === "true" }),
    ...(isFlag(banned) && { banned: banned === "true" }),
  };
}
