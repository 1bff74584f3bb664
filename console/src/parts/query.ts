// Reads with the cache of @tanstack/query-core, for components of Preact.

import {
  type InfiniteData,
  InfiniteQueryObserver,
  type InfiniteQueryObserverOptions,
  type InfiniteQueryObserverResult,
  notifyManager,
  type QueryKey,
  QueryObserver,
  type QueryObserverOptions,
  type QueryObserverResult,
} from "@tanstack/query-core";
import { useEffect, useReducer, useState } from "preact/hooks";

import { queryClient } from "../api/queries";

export { keepPreviousData } from "@tanstack/query-core";

/** Reads what `queryKey` names, and renders the component again when something that it uses of the result changes. */
export function useQuery<Data>(options: QueryObserverOptions<Data>): QueryObserverResult<Data> {
  return useObserver(() => new QueryObserver<Data>(queryClient, options), options);
}

/** A list that is read page by page. The first page has the parameter "". */
interface PagedOptions<Page> {
  queryKey: QueryKey;
  queryFn: (context: { pageParam: string; signal: AbortSignal }) => Promise<Page>;
  getNextPageParam: (last: Page) => string | undefined;
  staleTime?: number;
}

type Pages<Page> = InfiniteData<Page, string>;

/** Reads a list page by page, like `useQuery`. */
export function useInfiniteQuery<Page>(paged: PagedOptions<Page>): InfiniteQueryObserverResult<Pages<Page>> {
  const options: InfiniteQueryObserverOptions<Page, Error, Pages<Page>, QueryKey, string> = {
    ...paged,
    initialPageParam: "",
  };
  return useObserver<Pages<Page>>(
    () => new InfiniteQueryObserver(queryClient, options) as unknown as QueryObserver<Pages<Page>>,
    options as unknown as QueryObserverOptions<Pages<Page>>,
  ) as InfiniteQueryObserverResult<Pages<Page>>;
}

function useObserver<Data>(make: () => QueryObserver<Data>, options: QueryObserverOptions<Data>): QueryObserverResult<Data> {
  const [observer] = useState(make);
  const [, renderAgain] = useReducer((count: number) => count + 1, 0);
  const wanted = queryClient.defaultQueryOptions({ ...options, _optimisticResults: "optimistic" });
  // The result is read before the effects run, so that another key never shows the result of the key before it.
  const result = observer.getOptimisticResult(wanted);
  useEffect(() => {
    const unsubscribe = observer.subscribe(notifyManager.batchCalls(() => renderAgain(undefined)));
    // What has changed since the first rendering.
    observer.updateResult();
    return unsubscribe;
  }, [observer]);
  useEffect(() => observer.setOptions(wanted));
  return observer.trackResult(result);
}
