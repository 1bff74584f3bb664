// The command palette: a field, and under it what fits the text.

import { useEffect, useId, useState } from "preact/hooks";

import { describeError } from "../api/errors";
import { Dialog } from "../parts/dialog";
import { keepPreviousData, useQuery } from "../parts/query";
import { Problem, Typed } from "../parts/small";
import * as texts from "../texts/palette";
import { commandsOfSession } from "./commands";
import { type Command, type Found, matchingCommands, offer, stillFitting } from "./offer";
import { search } from "./search";
import { closePanel } from "./state";

/** How long typing must pause before the API is asked. */
const PAUSE_MS = 200;
const FEWEST_CHARACTERS = 2;

export function Palette() {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const listId = useId();
  const found = useSearch(text.trim());
  const offered = offer(found.results, text);
  const results = [...offered, ...matchingCommands(commandsOfSession(), text)];
  const index = Math.min(chosen, results.length - 1);
  const optionId = (at: number) => `${listId}-${at}`;

  useEffect(() => {
    document.getElementById(optionId(index))?.scrollIntoView({ block: "nearest" });
  }, [index]);

  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && results.length) {
      event.preventDefault();
      setChosen((index + step + results.length) % results.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(results[index]);
    }
  };
  return (
    <Dialog title={texts.title} onClose={closePanel}>
      <div class="body palette">
        <input
          type="text"
          role="combobox"
          aria-label={texts.field}
          placeholder={texts.field}
          aria-expanded={results.length > 0}
          aria-controls={listId}
          aria-activedescendant={results.length ? optionId(index) : undefined}
          aria-autocomplete="list"
          autocomplete="off"
          spellcheck={false}
          data-focus
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setChosen(0);
          }}
          onKeyDown={press}
        />
        {found.error !== null && <Problem>{describeError(found.error)}</Problem>}
        <ul id={listId} role="listbox" aria-label={texts.list}>
          {results.map((command, at) => (
            <li
              key={command.id}
              id={optionId(at)}
              role="option"
              aria-selected={at === index}
              onClick={() => run(command)}
              onPointerMove={() => setChosen(at)}
            >
              <Typed>{command.label}</Typed>
              <span class="muted">{command.kind}</span>
            </li>
          ))}
        </ul>
        {found.results.length > 1 && found.results.length === offered.length && <p class="muted">{texts.hint}</p>}
        <p class={results.length ? "unseen" : "muted"} role="status">
          {found.isFetching ? texts.searching : results.length ? texts.results(results.length) : texts.none}
        </p>
      </div>
    </Dialog>
  );
}

interface Search {
  results: readonly Found[];
  error: unknown;
  isFetching: boolean;
}

/** Asks the API once typing pauses. Each text has a query of its own, so a late answer replaces no newer one. */
function useSearch(text: string): Search {
  const [asked, setAsked] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const enabled = asked.length >= FEWEST_CHARACTERS && text.length >= FEWEST_CHARACTERS;
  const query = useQuery({
    queryKey: ["palette", asked],
    queryFn: ({ signal }) => search(asked, signal),
    enabled,
    placeholderData: keepPreviousData,
  });
  const results = (enabled && query.data) || [];
  // What was found for the text before may not fit any more, and Enter would choose it.
  const isLate = asked !== text || query.isPlaceholderData;
  return { results: isLate ? stillFitting(results, text) : results, error: enabled ? query.error : null, isFetching: query.isFetching };
}

function run(command: Command | undefined): void {
  if (command) {
    closePanel();
    command.run();
  }
}
