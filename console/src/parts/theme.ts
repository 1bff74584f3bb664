// Light and dark: as the system has it, until somebody chooses. The choice lasts as long as the page.

import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

export const theme = signal<Theme>("system");

effect(() => {
  if (theme.value === "system") {
    delete document.documentElement.dataset["theme"];
  } else {
    document.documentElement.dataset["theme"] = theme.value;
  }
});
