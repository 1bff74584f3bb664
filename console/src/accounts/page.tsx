// The screen of the platform's accounts, for superadmins.

import { useEffect } from "preact/hooks";

import type { Account, PlatformRole } from "../../../clients/typescript/rolecall";
import { api, dataOf } from "../api/client";
import { ChoiceFilter, SearchFilter } from "../parts/filters";
import { ListFrame, useList } from "../parts/list";
import { route, setQuery } from "../parts/route";
import { Badge, Moment, Typed } from "../parts/small";
import { ActionsCell, Cell, Row, RowHead, Table } from "../parts/table";
import * as texts from "../texts/accounts";
import { isOwn, roleOf, ROLES, roleText } from "./actions";
import { CreationDialog } from "./creation";
import { OpenedDialog } from "./dialogs";
import { closeDialog, opened } from "./opened";

export function AccountsPage() {
  const list = useList("accounts", usedFilters(), (query, signal) =>
    dataOf(api.GET("/v1/api/superadmin/users", { params: { query }, signal })),
  );
  useEffect(() => closeDialog, []);
  const { users: accounts = [], nextCursor } = list.query.data ?? {};
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
      <ListFrame list={list} label={texts.title} count={accounts.length} nextCursor={nextCursor} none={texts.none}>
        <Table columns={[texts.email, texts.name, texts.role, texts.state, texts.lastLogin]} actions={texts.actions}>
          {accounts.map((account) => (
            <AccountRow key={account.id} account={account} />
          ))}
        </Table>
      </ListFrame>
      <OpenedDialog />
      {route.value.query["do"] === "create" && <CreationDialog onClose={() => setQuery({ do: null })} />}
    </>
  );
}

function AccountRow({ account }: { account: Account }) {
  const { email } = account;
  const role = roleOf(account);
  return (
    <Row>
      <RowHead>
        <button type="button" class="link" title={texts.open(email)} onClick={() => (opened.value = { what: "account", account })}>
          <Typed>{email}</Typed>
        </button>{" "}
        {isOwn(account) && <Badge>{texts.you}</Badge>}
      </RowHead>
      <Cell of={texts.name}>
        <Typed>{`${account.firstName} ${account.lastName}`}</Typed>
      </Cell>
      <Cell of={texts.role}>
        <select
          aria-label={texts.roleOf(email)}
          disabled={isOwn(account)}
          value={role}
          onChange={(event) => {
            const wanted = event.currentTarget.value as PlatformRole;
            // The dialog asks first, so the select keeps what is true.
            event.currentTarget.value = role;
            opened.value = { what: "role", account, role: wanted };
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
      </Cell>
      <Cell of={texts.state}>
        <StateBadges account={account} />
      </Cell>
      <Cell of={texts.lastLogin}>
        <Moment at={account.lastLoginAt} />
      </Cell>
      <ActionsCell>
        <button type="button" aria-label={texts.historyOf(email)} onClick={() => (opened.value = { what: "history", account })}>
          {texts.history}
        </button>
      </ActionsCell>
    </Row>
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
