// The screen of the tenants, for operators with the master token.

import { useEffect } from "preact/hooks";

import type { ListedTenant } from "../../../clients/typescript/rolecall";
import { api, dataOf } from "../api/client";
import { useAction } from "../parts/action";
import { ChoiceFilter, SearchFilter } from "../parts/filters";
import { announce } from "../parts/notice";
import { ListFrame, useList } from "../parts/list";
import { toHash } from "../parts/address";
import { route, setQuery } from "../parts/route";
import { Badge, Moment, Problem, Typed } from "../parts/small";
import { ActionsCell, Cell, Row, RowHead, Table } from "../parts/table";
import * as texts from "../texts/tenants";
import { reloadTenants, restoreTenant } from "./actions";
import { DeletionDialog, ProgressDialog } from "./deletion";
import { DetailsDialog } from "./details";
import { type Opened, opened, type Status, STATUSES } from "./opened";
import { RegistrationDialog } from "./registration";

export function TenantsPage() {
  const filters = usedFilters();
  const list = useList("tenants", filters, (query, signal) => dataOf(api.GET("/tenants", { params: { query }, signal })));
  useEffect(() => closeDialog, []);
  const { tenants = [], next_cursor: nextCursor } = list.query.data ?? {};
  const status = filters.status ?? "active";
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>{texts.title}</h1>
        <button type="button" class="primary" onClick={() => setQuery({ do: "register" })}>
          {texts.register}
        </button>
      </header>
      <div class="filters">
        <SearchFilter label={texts.search} name="name" />
        <ChoiceFilter
          label={texts.status}
          name="status"
          options={STATUSES.map((status) => [status === "active" ? "" : status, texts.statuses[status]] as const)}
        />
      </div>
      <ListFrame list={list} label={texts.title} count={tenants.length} nextCursor={nextCursor} none={texts.none}>
        <Table columns={[texts.name, texts.status, timeName(status)]} actions={texts.actions}>
          {tenants.map((tenant) => (
            <TenantRow key={tenant.id} tenant={tenant} status={status} />
          ))}
        </Table>
      </ListFrame>
      <OpenedDialog />
      {route.value.query["do"] === "register" && <RegistrationDialog onClose={() => setQuery({ do: null })} />}
    </>
  );
}

function OpenedDialog() {
  const { what, tenant, status } = opened.value ?? {};
  if (!tenant) {
    return null;
  }
  switch (what) {
    case "delete":
      return <DeletionDialog tenant={tenant} isScheduled={status === "scheduled"} onClose={closeDialog} />;
    case "progress":
      return <ProgressDialog tenant={tenant} onClose={closeDialog} />;
    default:
      return <DetailsDialog tenant={tenant} onClose={closeDialog} />;
  }
}

function closeDialog(): void {
  if (opened.value) {
    opened.value = null;
    void reloadTenants();
  }
}

function TenantRow({ tenant, status }: { tenant: ListedTenant; status: Status }) {
  const { id, name } = tenant;
  const open = (what: Opened["what"]) => () => {
    opened.value = { what, tenant, status };
  };
  const restore = useAction(async () => {
    announce(await restoreTenant(tenant));
  });
  return (
    <Row>
      <RowHead>
        <button type="button" class="link" title={texts.open(name)} onClick={open("details")}>
          <Typed>{name}</Typed>
        </button>
        {restore.problem && <Problem>{restore.problem}</Problem>}
      </RowHead>
      <Cell of={texts.status}>
        <Badge tone={status === "active" ? "good" : status === "scheduled" ? "warn" : "bad"}>{texts.statuses[status]}</Badge>
      </Cell>
      <Cell of={timeName(status)}>
        <Moment at={status === "scheduled" ? tenant.deletes_at : tenant.created_at} />
      </Cell>
      <ActionsCell>
        <a class="button quiet" href={toHash(["audit"], { tenant: id })} aria-label={texts.auditOf(name)}>
          {texts.audit}
        </a>
        {status === "scheduled" && (
          <button type="button" aria-label={texts.restoreOf(name)} aria-disabled={restore.busy} onClick={() => void restore.start()}>
            {texts.restore}
          </button>
        )}
        {status === "deleting" ? (
          <button type="button" aria-label={texts.progressOf(name)} onClick={open("progress")}>
            {texts.progress}
          </button>
        ) : (
          <button type="button" class="danger" aria-label={texts.deleteOf(name)} onClick={open("delete")}>
            {texts.remove}
          </button>
        )}
      </ActionsCell>
    </Row>
  );
}

/** Returns the name of the time that the list shows. */
function timeName(status: Status): string {
  return status === "scheduled" ? texts.deletesAt : texts.created;
}

/** Returns the filters that stand in the address, as the API takes them. */
function usedFilters(): { name?: string; status?: Status } {
  const { name, status } = route.value.query;
  return {
    ...(name && { name }),
    ...(STATUSES.includes(status as Status) && { status: status as Status }),
  };
}
