// Fields of forms, each with its label, its hint and what is wrong with it.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useState } from "preact/hooks";

import * as common from "../texts/common";
import * as texts from "../texts/sign-in";

interface FieldProps {
  label: string;
  hint?: string | undefined;
  problem?: string | null | undefined;
  optional?: boolean | undefined;
}

type InputProps = FieldProps & Omit<JSX.IntrinsicElements["input"], "label" | "onInput" | "value"> & {
  value: string;
  onValue: (value: string) => void;
};

/** A line of text with a label. */
export function TextField({ label, hint, problem, optional, onValue, ...input }: InputProps) {
  return (
    <Field label={label} hint={hint} problem={problem} optional={optional}>
      {(ids) => <input type="text" {...input} {...ids} onInput={(event) => onValue(event.currentTarget.value)} />}
    </Field>
  );
}

/** A password or a token, which is hidden until somebody shows it. */
export function SecretField({ label, hint, problem, onValue, ...input }: InputProps) {
  const [visible, setVisible] = useState(false);
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(ids) => (
        <span class="with-button">
          <input
            spellcheck={false}
            autocapitalize="off"
            {...input}
            {...ids}
            type={visible ? "text" : "password"}
            onInput={(event) => onValue(event.currentTarget.value)}
          />
          <button
            type="button"
            class="quiet"
            aria-label={visible ? texts.hideTyped : texts.showTyped}
            onClick={() => setVisible(!visible)}
          >
            {visible ? texts.hide : texts.show}
          </button>
        </span>
      )}
    </Field>
  );
}

/** Tells password managers whose password is asked for. Nobody sees it. */
export function HiddenUsername({ email }: { email: string | null | undefined }) {
  return <input type="text" autocomplete="username" value={email ?? ""} readOnly hidden />;
}

type SelectProps = FieldProps & Omit<JSX.IntrinsicElements["select"], "label" | "onChange" | "value"> & {
  value: string;
  options: readonly (readonly [value: string, label: string])[];
  onValue: (value: string) => void;
};

/** A choice with a label. `options` are pairs of value and text. */
export function SelectField({ label, hint, problem, optional, options, value, onValue, ...select }: SelectProps) {
  return (
    <Field label={label} hint={hint} problem={problem} optional={optional}>
      {(ids) => (
        <select {...select} {...ids} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
          {options.map(([key, text]) => (
            <option key={key} value={key}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface FieldIds {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean | undefined;
}

/**
 * A label with its control. The control gets the ids that join it to the label, the hint and the problem, and the focus
 * as soon as there is a problem.
 */
export function Field({
  label,
  hint,
  problem,
  optional = false,
  children,
}: FieldProps & { children: (ids: FieldIds) => ComponentChildren }) {
  const id = useId();
  useEffect(() => {
    if (problem) {
      document.getElementById(id)?.focus();
    }
  }, [problem]);
  const described = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {optional && <span class="optional"> {common.optional}</span>}
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": problem ? true : undefined })}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {problem && (
        <p class="problem" id={`${id}-problem`}>
          {problem}
        </p>
      )}
    </div>
  );
}
