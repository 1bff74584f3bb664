// Filters of a list. What they are set to stands in the address.

import { useEffect, useRef, useState } from "preact/hooks";

import { route, setQuery } from "./route";

/** How long typing must pause before the list is asked for. */
const PAUSE_MS = 300;

/** A search field for one field of the query in the address. It follows the address, and sets it once typing pauses. */
export function SearchFilter({ label, name, placeholder }: { label: string; name: string; placeholder?: string }) {
  const set = route.value.query[name] ?? "";
  const [text, setText] = useState(set);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const sent = useRef(set);

  useEffect(() => {
    // Somebody followed a link or went back. What this field has set itself is in it already.
    if (set !== sent.current) {
      sent.current = set;
      setText(set);
    }
  }, [set]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const send = (value: string) => {
    clearTimeout(timer.current);
    sent.current = value.trim();
    setQuery({ [name]: value.trim() });
  };
  const type = (value: string) => {
    setText(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => send(value), PAUSE_MS);
  };
  return (
    <label class="filter search">
      <span>{label}</span>
      <input
        type="search"
        value={text}
        placeholder={placeholder}
        spellcheck={false}
        autocapitalize="off"
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && send(event.currentTarget.value)}
      />
    </label>
  );
}

interface ChoiceFilterProps {
  label: string;
  name: string;
  /** Pairs of value and text. The first one usually has no value and means no filter. */
  options: readonly (readonly [value: string, text: string])[];
}

/** A choice for one field of the query in the address. */
export function ChoiceFilter({ label, name, options }: ChoiceFilterProps) {
  return (
    <label class="filter">
      <span>{label}</span>
      <select value={route.value.query[name] ?? ""} onChange={(event) => setQuery({ [name]: event.currentTarget.value })}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A day, such as `2026-06-15`, for one field of the query in the address. */
export function DayFilter({ label, name }: { label: string; name: string }) {
  return (
    <label class="filter">
      <span>{label}</span>
      <input
        type="date"
        value={route.value.query[name] ?? ""}
        onChange={(event) => setQuery({ [name]: event.currentTarget.value })}
      />
    </label>
  );
}
