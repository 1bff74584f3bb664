// Pages of a list that the API gives with a cursor: the way on, and the way back that was come.

import { useState } from "preact/hooks";

import * as texts from "../texts/common";

export interface Pages {
  /** The cursor of the page that is shown. It is undefined for the first page. */
  cursor: string | undefined;
  /** How many pages lie before the page that is shown. */
  number: number;
  next: (cursor: string) => void;
  previous: () => void;
}

/** Keeps the pages of a list. `filters` names what is listed: with other filters the list begins anew. */
export function usePages(filters: string): Pages {
  const [kept, setKept] = useState<{ filters: string; cursors: readonly string[] }>({ filters, cursors: [] });
  const cursors = kept.filters === filters ? kept.cursors : [];
  return {
    cursor: cursors.at(-1),
    number: cursors.length,
    next: (cursor) => setKept({ filters, cursors: [...cursors, cursor] }),
    previous: () => setKept({ filters, cursors: cursors.slice(0, -1) }),
  };
}

interface PagerProps {
  pages: Pages;
  /** The name of what is listed, such as "Users". */
  label: string;
  size: number;
  /** How many are on the page that is shown. */
  count: number;
  nextCursor: string | undefined;
  /** Nothing is said about a list that is not there yet. */
  loading?: boolean;
}

/** Says which part of the list is shown, and leads to the others. */
export function Pager({ pages, label, size, count, nextCursor, loading = false }: PagerProps) {
  const first = pages.number * size + 1;
  const range = texts.pagesRange(first, first + count - 1);
  return (
    <nav class="pager" aria-label={label}>
      <span aria-live="polite">
        {!loading && (count ? `${label} ${range}, ${nextCursor ? texts.pagesMore : texts.pagesEnd}` : texts.pagesNone)}
      </span>
      <button type="button" aria-disabled={!pages.number} onClick={() => pages.number && pages.previous()}>
        {texts.pagesPrevious}
      </button>
      <button type="button" aria-disabled={!nextCursor} onClick={() => nextCursor && pages.next(nextCursor)}>
        {texts.pagesNext}
      </button>
    </nav>
  );
}
