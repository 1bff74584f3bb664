// A list that the API gives page by page: the reading, the frame of its table, and the way to the other pages.

import type { QueryObserverResult } from "@tanstack/query-core";
import type { ComponentChildren } from "preact";

import { describeError } from "../api/errors";
import { PAGE_SIZE, pageKey } from "../api/queries";
import * as texts from "../texts/common";
import { Pager, type Pages, usePages } from "./pages";
import { keepPreviousData, useQuery } from "./query";
import { Problem } from "./small";

export interface List<Answer> {
  query: QueryObserverResult<Answer>;
  pages: Pages;
}

/** Reads a page of a list. With other filters the list begins anew. `name` begins the keys of all that was read. */
export function useList<Filters extends object, Answer>(
  name: string,
  filters: Filters,
  read: (query: Filters & { limit: number; cursor?: string }, signal: AbortSignal) => Promise<Answer>,
): List<Answer> {
  const pages = usePages(JSON.stringify(filters));
  const { cursor } = pages;
  const query = useQuery({
    queryKey: pageKey(name, filters, cursor),
    queryFn: ({ signal }) => read({ ...filters, limit: PAGE_SIZE, ...(cursor && { cursor }) }, signal),
    placeholderData: keepPreviousData,
  });
  return { query, pages };
}

interface ListFrameProps {
  list: List<unknown>;
  /** The name of what is listed, such as "Users". */
  label: string;
  /** How many are on the page that is shown. */
  count: number;
  nextCursor: string | undefined;
  /** What is said of an empty list. */
  none: string;
  /** The table. */
  children: ComponentChildren;
}

/** Shows the table of a list, why it could not be read, and where in the list one is. */
export function ListFrame({ list: { query, pages }, label, count, nextCursor, none, children }: ListFrameProps) {
  return (
    <>
      {query.error && (
        <div class="refusal">
          <Problem>{describeError(query.error)}</Problem>
          <button type="button" onClick={() => void query.refetch()}>
            {texts.errorsRetry}
          </button>
        </div>
      )}
      <div class="table-frame" aria-busy={query.isFetching}>
        {children}
        {!query.error && !count && <p class="empty">{query.isPending ? texts.loading : none}</p>}
      </div>
      <Pager
        pages={pages}
        label={label}
        count={count}
        nextCursor={nextCursor}
        loading={query.isPending || query.isPlaceholderData}
      />
    </>
  );
}
