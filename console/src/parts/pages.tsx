// Pages of a list that the API gives with a cursor: the way on, and the way back that was come.

import { useState } from "preact/hooks";

import * as texts from "../texts/common";

/** A page that was left for the next one. */
interface Left {
  /** The cursor of the page after it. */
  cursor: string;
  /** How many rows it had. */
  count: number;
}

export interface Pages {
  /** The cursor of the page that is shown. It is undefined for the first page. */
  cursor: string | undefined;
  /** The number of the page that is shown. The first page has the number 1. */
  number: number;
  /** How many rows lie on the pages before. */
  before: number;
  next: (left: Left) => void;
  previous: () => void;
}

/** Keeps the pages of a list. `filters` names what is listed: with other filters the list begins anew. */
export function usePages(filters: string): Pages {
  const [kept, setKept] = useState<{ filters: string; left: readonly Left[] }>({ filters, left: [] });
  const left = kept.filters === filters ? kept.left : [];
  return {
    cursor: left.at(-1)?.cursor,
    number: left.length + 1,
    before: left.reduce((sum, { count }) => sum + count, 0),
    next: (page) => setKept({ filters, left: [...left, page] }),
    previous: () => setKept({ filters, left: left.slice(0, -1) }),
  };
}

interface PagerProps {
  pages: Pages;
  /** The name of what is listed, such as "Users". */
  label: string;
  /** How many are on the page that is shown. */
  count: number;
  nextCursor: string | undefined;
  /** Whether the page that is shown is still on its way. */
  loading: boolean;
}

/** Says which part of the list is shown, and leads to the others. The API knows the end of a list, but no total. */
export function Pager({ pages, label, count, nextCursor, loading }: PagerProps) {
  const { number, before } = pages;
  const place = `${label} ${texts.pagesPlace({ first: before + 1, last: before + count, number, isEnd: !nextCursor })}`;
  return (
    <nav class="pager" aria-label={label}>
      <span aria-live="polite">{loading ? texts.loading : count ? place : texts.pagesNone}</span>
      <button type="button" aria-disabled={number === 1 || loading} onClick={() => number > 1 && !loading && pages.previous()}>
        {texts.pagesPrevious}
      </button>
      <button
        type="button"
        aria-disabled={!nextCursor || loading}
        onClick={() => nextCursor && !loading && pages.next({ cursor: nextCursor, count })}
      >
        {texts.pagesNext}
      </button>
    </nav>
  );
}
