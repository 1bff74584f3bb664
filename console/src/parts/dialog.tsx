// A dialog over the page: the native element, which keeps the focus inside and makes the page behind it inert.

import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";

import * as texts from "../texts/common";
import { lastNotice, NoticeRegion } from "./notice";

interface DialogProps {
  title: string;
  /** Called when the person closes the dialog with Escape or its button. Without it the dialog stays open. */
  onClose?: (() => void) | undefined;
  wide?: boolean;
  children: ComponentChildren;
}

/**
 * Shows a dialog for as long as it is rendered. The focus goes to the element with `data-focus`, else to the title.
 * At the end it goes back to where it was.
 */
export function Dialog({ title, onClose, wide = false, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  // What lies behind a dialog can't be used, and nobody hears it. So results are shown in the dialog that is open.
  const [before] = useState(lastNotice);

  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    (dialog?.querySelector<HTMLElement>("[data-focus]") ?? dialog?.querySelector<HTMLElement>("h2"))?.focus();
    return () => dialog?.close();
  }, []);

  const cancel = (event: Event) => {
    event.preventDefault();
    onClose?.();
  };
  return (
    <dialog ref={element} class={wide ? "wide" : undefined} aria-labelledby={id} onCancel={cancel}>
      <header>
        <h2 id={id} tabIndex={-1}>
          {title}
        </h2>
        {onClose && (
          <button type="button" class="quiet icon" aria-label={texts.dialogClose} onClick={onClose}>
            ✕
          </button>
        )}
      </header>
      {children}
      <NoticeRegion after={before} />
    </dialog>
  );
}
