// The screen of the audit: who changed what, newest first.

import { useEffect, useRef, useState } from "preact/hooks";

import type { AuditEntry } from "../../../clients/typescript/rolecall";
import { api, dataOf } from "../api/client";
import { describeError } from "../api/errors";
import { session } from "../api/session";
import { ChoiceFilter, DayFilter, SearchFilter } from "../parts/filters";
import { useInfiniteQuery } from "../parts/query";
import { route, setQuery } from "../parts/route";
import { Problem } from "../parts/small";
import * as common from "../texts/common";
import * as texts from "../texts/audit";
import { actionText, namesById, toApiFilters } from "./entries";
import { DetailsDialog, EntryLine } from "./entry";
import { ExportButton } from "./export";

/** How many entries are read at once. */
const SIZE = 50;

export function AuditPage() {
  const isOperator = session.value?.standing === "master";
  const filters = toApiFilters(route.value.query);
  const canRead = !isOperator || "tenant_id" in filters;
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>{texts.title}</h1>
        {canRead && <ExportButton filters={filters} />}
      </header>
      <Filters isOperator={isOperator} />
      {canRead ? (
        <Entries key={JSON.stringify(filters)} filters={filters} />
      ) : (
        <p class="empty card">{texts.chooseTenant}</p>
      )}
    </>
  );
}

function Filters({ isOperator }: { isOperator: boolean }) {
  const { tenant: _tenant, ...others } = route.value.query;
  const cleared = Object.fromEntries(Object.keys(others).map((name) => [name, null]));
  const actions = Object.keys(texts.actions).map((action) => [action, actionText(action)] as const);
  return (
    <div class="filters of-audit">
      {isOperator && <SearchFilter label={texts.tenant} name="tenant" />}
      <ChoiceFilter label={texts.action} name="action" options={[["", texts.anyAction], ...actions]} />
      <ChoiceFilter
        label={texts.outcome}
        name="outcome"
        options={[["", texts.anyOutcome], ...Object.entries(texts.outcomes)]}
      />
      <DayFilter label={texts.from} name="from" />
      <DayFilter label={texts.to} name="to" />
      <SearchFilter label={texts.actor} name="actor" />
      <SearchFilter label={texts.target} name="target" />
      {Object.keys(others).length > 0 && (
        <button type="button" class="quiet" onClick={() => setQuery(cleared)}>
          {texts.clear}
        </button>
      )}
    </div>
  );
}

function Entries({ filters }: { filters: Record<string, string> }) {
  const [opened, setOpened] = useState<AuditEntry | null>(null);
  const list = useInfiniteQuery({
    queryKey: ["audit", filters],
    queryFn: ({ pageParam, signal }) => readPage({ ...filters, limit: SIZE }, pageParam, signal),
    getNextPageParam: (last) => last.next_cursor,
  });
  const entries = list.data?.pages.flatMap((page) => page.entries) ?? [];
  const names = namesById(entries);
  const readOlder = () => {
    if (list.hasNextPage && !list.isFetching) {
      void list.fetchNextPage();
    }
  };
  // With filters a page may be empty though more follow. Then only a click reads on, so that nobody reads all by accident.
  const lastPageIsEmpty = list.data?.pages.at(-1)?.entries.length === 0;
  return (
    <>
      {list.error && <Problem>{describeError(list.error)}</Problem>}
      <ol class="entries" aria-label={texts.list} aria-busy={list.isFetching}>
        {entries.map((entry) => (
          <EntryLine key={entry.id} entry={entry} names={names} onOpen={() => setOpened(entry)} />
        ))}
      </ol>
      <div class="pager">
        <span role="status">{stateText(list, entries.length)}</span>
        {list.hasNextPage && (
          <OlderButton
            busy={list.isFetching}
            count={entries.length}
            onClick={readOlder}
            onReach={lastPageIsEmpty ? null : readOlder}
          />
        )}
      </div>
      {opened && <DetailsDialog entry={opened} names={names} onClose={() => setOpened(null)} />}
    </>
  );
}

/** Reads one page of entries. Throws `ApiError` if the API refuses. */
export function readPage(filters: Record<string, string | number>, cursor: string | undefined, signal: AbortSignal) {
  return dataOf(api.GET("/audit", { params: { query: { ...filters, ...(cursor && { cursor }) } }, signal }));
}

interface ListState {
  data: unknown;
  error: unknown;
  isFetching: boolean;
  isFetchingNextPage: boolean;
  hasNextPage: boolean;
}

function stateText(list: ListState, count: number): string {
  if (list.isFetchingNextPage) {
    return texts.loadingOlder;
  }
  if (list.isFetching || !list.data) {
    return list.error ? "" : common.loading;
  }
  if (list.hasNextPage) {
    return count ? "" : texts.noneYet;
  }
  return count ? texts.end : texts.none;
}

interface OlderButtonProps {
  busy: boolean;
  /** How many entries there are. When it changes, the page looks again whether the button is in view. */
  count: number;
  onClick: () => void;
  /** Called when the button comes into view. Null where only a click reads on. */
  onReach: (() => void) | null;
}

function OlderButton({ busy, count, onClick, onReach }: OlderButtonProps) {
  const element = useRef<HTMLButtonElement>(null);
  const reach = useRef(onReach);
  reach.current = onReach;
  useEffect(() => {
    const observer = new IntersectionObserver((seen) => {
      if (seen.some((one) => one.isIntersecting)) {
        reach.current?.();
      }
    });
    if (element.current) {
      observer.observe(element.current);
    }
    return () => observer.disconnect();
  }, [count]);
  return (
    <button type="button" ref={element} aria-disabled={busy} onClick={onClick}>
      {texts.older}
    </button>
  );
}
