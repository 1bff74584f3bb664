// State outside of components. A change of it renders the page anew, so every component that reads it shows it.

/** A value that the page shows. */
export interface State<Value> {
  value: Value;
}

let render: (() => void) | null = null;
let isPlanned = false;

/** Sets what renders the page. It is called once after one or several changes. */
export function onChange(renderPage: () => void): void {
  render = renderPage;
}

/** Makes a state with its first value. */
export function state<Value>(first: Value): State<Value> {
  let current = first;
  return {
    get value() {
      return current;
    },
    set value(next) {
      if (!Object.is(current, next)) {
        current = next;
        planRendering();
      }
    },
  };
}

function planRendering(): void {
  if (!isPlanned) {
    isPlanned = true;
    queueMicrotask(() => {
      isPlanned = false;
      render?.();
    });
  }
}
