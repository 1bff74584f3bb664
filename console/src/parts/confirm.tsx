// A dialog with a form: it asks, and then runs the action or is closed.

import type { ComponentChildren } from "preact";

import * as texts from "../texts/common";
import { Dialog } from "./dialog";
import { Problem, SecretOnce } from "./small";

interface ConfirmProps {
  title: string;
  text?: string;
  submit: string;
  danger?: boolean;
  /** Whether the action runs, and why it was refused the last time. */
  action: { busy: boolean; problem: string | null };
  onSubmit: () => void;
  onClose: () => void;
  /** What is shown instead of the problem in words. */
  refusal?: ComponentChildren;
  children?: ComponentChildren;
}

/** Asks before an action. Where no field has `data-focus`, the focus is on the button that does nothing. */
export function Confirm({ title, text, submit, danger, action, onSubmit, onClose, refusal, children }: ConfirmProps) {
  const start = (event: Event) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={start}>
        {text && <p>{text}</p>}
        {children}
        {refusal ?? (action.problem && <Problem>{action.problem}</Problem>)}
        <footer>
          <button type="button" data-focus onClick={onClose}>
            {texts.dialogCancel}
          </button>
          <button type="submit" class={danger ? "primary danger" : "primary"} aria-disabled={action.busy}>
            {submit}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** Shows a secret, this once. It stays open until somebody closes it with its button. */
export function SecretDialog({ title, label, secret, onClose }: { title: string; label: string; secret: string; onClose: () => void }) {
  return (
    <Dialog key="secret" title={title}>
      <div class="body">
        <SecretOnce label={label} secret={secret} />
        <footer>
          <button type="button" onClick={onClose}>
            {texts.dialogDone}
          </button>
        </footer>
      </div>
    </Dialog>
  );
}
