// What happens to the focus when the element that has it goes.

/** From now on the focus goes to the heading of the dialog or the page whenever the element that has it is removed. */
export function keepFocus(): void {
  let last: Element | null = null;
  addEventListener("focusin", (event) => {
    last = event.target as Element;
  });
  new MutationObserver(() => {
    if (last && !last.isConnected && document.activeElement === document.body) {
      [...document.querySelectorAll<HTMLElement>("h1, dialog[open] h2")].at(-1)?.focus();
    }
  }).observe(document.body, { childList: true, subtree: true });
}
