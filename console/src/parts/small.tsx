// Small parts: a text from outside, a moment, a problem, a copied text.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import * as texts from "../texts/common";
import { formatMoment } from "./moments";

/**
 * A text that people typed. Its direction of writing does not change that of the text around it. A long address is
 * broken before its domain.
 */
export function Typed({ children }: { children: ComponentChildren }) {
  const at = typeof children === "string" ? children.lastIndexOf("@") : -1;
  if (typeof children !== "string" || at < 0) {
    return <bdi>{children}</bdi>;
  }
  return (
    <bdi>
      {children.slice(0, at)}
      <wbr />
      {children.slice(at)}
    </bdi>
  );
}

/** A moment in the time zone of the browser. Its title is the exact time in UTC. */
export function Moment({ at }: { at: string | null | undefined }) {
  if (!at) {
    return <span class="muted">{texts.never}</span>;
  }
  return (
    <time dateTime={at} title={at}>
      {formatMoment(at)}
    </time>
  );
}

/** Why something was refused. It is said at once. */
export function Problem({ children }: { children: ComponentChildren }) {
  return (
    <p class="problem" role="alert">
      {children}
    </p>
  );
}

/** A word in a frame, such as a state. The tone only repeats what the word says. */
export function Badge({ tone = "plain", children }: { tone?: "plain" | "good" | "warn" | "bad"; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

/** A secret that is shown once, with a button that copies it. */
export function SecretOnce({ label, secret }: { label: string; secret: string }) {
  const [state, setState] = useState<"copy" | "copied" | "failed">("copy");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(secret);
      setState("copied");
    } catch {
      setState("failed");
    }
  };
  return (
    <div class="field">
      <span class="label">{label}</span>
      <span class="with-button">
        <output class="secret">{secret}</output>
        <button type="button" class="primary" data-focus onClick={copy}>
          {texts.copy[state]}
        </button>
      </span>
      <p class="hint">{texts.secret}</p>
      <span class="unseen" aria-live="polite">
        {state === "copied" && texts.copy.copied}
      </span>
    </div>
  );
}
