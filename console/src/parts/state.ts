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

const resets: (() => void)[] = [];

/** Makes a state of what one person sees or does. It goes back to its first value when the session ends. */
export function sessionState<Value>(first: Value): State<Value> {
  const made = state(first);
  resets.push(() => {
    made.value = first;
  });
  return made;
}

/** Forgets what the person who was signed in saw and did. */
export function forgetSession(): void {
  for (const reset of resets) {
    reset();
  }
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
