// The screen of the tenants, for operators with the master token.

import { useState } from "preact/hooks";

import type { ListedTenant } from "../../../clients/typescript/rolecall";
import { api, dataOf } from "../api/client";
import { describeError } from "../api/errors";
import { queryClient } from "../api/queries";
import { useAct } from "../parts/act";
import { ChoiceFilter, SearchFilter } from "../parts/filters";
import { announce } from "../parts/notice";
import { Pager, usePages } from "../parts/pages";
import { toHash } from "../parts/address";
import { keepPreviousData, useQuery } from "../parts/query";
import { route, setQuery } from "../parts/route";
import { Badge, Moment, Problem, Typed } from "../parts/small";
import * as texts from "../texts/tenants";
import { DeletionDialog, ProgressDialog } from "./deletion";
import { DetailsDialog } from "./details";
import { RegistrationDialog } from "./registration";

/** How many tenants a page has. */
const SIZE = 50;

const STATUSES = ["active", "scheduled", "deleting"] as const;
type Status = (typeof STATUSES)[number];

/** A dialog about one tenant. */
interface Opened {
  what: "details" | "delete" | "progress";
  tenant: ListedTenant;
}

export function TenantsPage() {
  const [opened, setOpened] = useState<Opened | null>(null);
  const filters = usedFilters();
  const pages = usePages(JSON.stringify(filters));
  const list = useQuery({
    queryKey: ["tenants", filters, pages.cursor],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET("/tenants", {
          params: { query: { ...filters, limit: SIZE, ...(pages.cursor && { cursor: pages.cursor }) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });
  const close = () => {
    setOpened(null);
    reload();
  };
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
      {list.error && <Problem>{describeError(list.error)}</Problem>}
      <div class="table-frame" aria-busy={list.isFetching}>
        <table class="stacked">
          <thead>
            <tr>
              <th scope="col">{texts.name}</th>
              <th scope="col">{texts.status}</th>
              <th scope="col">{filters.status === "scheduled" ? texts.deletesAt : texts.created}</th>
              <th scope="col">
                <span class="unseen">{texts.acts}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {list.data?.tenants.map((tenant) => (
              <TenantRow key={tenant.id} tenant={tenant} status={filters.status ?? "active"} open={setOpened} />
            ))}
          </tbody>
        </table>
        {list.data?.tenants.length === 0 && <p class="empty">{texts.none}</p>}
      </div>
      <Pager
        pages={pages}
        label={texts.title}
        size={SIZE}
        count={list.data?.tenants.length ?? 0}
        nextCursor={list.data?.next_cursor}
      />
      {opened?.what === "details" && <DetailsDialog tenant={opened.tenant} onClose={close} />}
      {opened?.what === "delete" && <DeletionDialog tenant={opened.tenant} isScheduled={filters.status === "scheduled"} onClose={close} />}
      {opened?.what === "progress" && <ProgressDialog tenant={opened.tenant} onClose={close} />}
      {route.value.query["do"] === "register" && <RegistrationDialog onClose={() => setQuery({ do: null })} />}
    </>
  );
}

function TenantRow({ tenant, status, open }: { tenant: ListedTenant; status: Status; open: (opened: Opened) => void }) {
  const { id, name } = tenant;
  const restore = useAct(async () => {
    await dataOf(api.POST("/global/tenants/{id}/restore", { params: { path: { id } } }));
    announce(texts.restored(name));
    await reload();
  });
  return (
    <tr>
      <th scope="row">
        <button type="button" class="link" title={texts.open(name)} onClick={() => open({ what: "details", tenant })}>
          <Typed>{name}</Typed>
        </button>
        {restore.problem && <Problem>{restore.problem}</Problem>}
      </th>
      <td data-label={texts.status}>
        <Badge tone={status === "active" ? "good" : status === "scheduled" ? "warn" : "bad"}>{texts.statuses[status]}</Badge>
      </td>
      <td data-label={status === "scheduled" ? texts.deletesAt : texts.created}>
        <Moment at={status === "scheduled" ? tenant.deletes_at : tenant.created_at} />
      </td>
      <td class="row-acts">
        <a class="button quiet" href={toHash(["audit"], { tenant: id })} aria-label={texts.auditOf(name)}>
          {texts.audit}
        </a>
        {status === "scheduled" && (
          <button type="button" aria-label={texts.restoreOf(name)} aria-disabled={restore.busy} onClick={() => void restore.start()}>
            {texts.restore}
          </button>
        )}
        {status === "deleting" ? (
          <button type="button" aria-label={texts.progressOf(name)} onClick={() => open({ what: "progress", tenant })}>
            {texts.progress}
          </button>
        ) : (
          <button type="button" class="danger" aria-label={texts.deleteOf(name)} onClick={() => open({ what: "delete", tenant })}>
            {texts.remove}
          </button>
        )}
      </td>
    </tr>
  );
}

function reload(): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: ["tenants"] });
}

/** Returns the filters that stand in the address, as the API takes them. */
function usedFilters(): { name?: string; status?: Status } {
  const { name, status } = route.value.query;
  return {
    ...(name && { name }),
    ...(STATUSES.includes(status as Status) && { status: status as Status }),
  };
}
