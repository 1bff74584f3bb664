// Light and dark: as the system has it, until somebody chooses. The choice lasts as long as the page.

import { state } from "./state";

export type Theme = "system" | "light" | "dark";

export const theme = state<Theme>("system");

/** Shows the page in this theme. */
export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  document.documentElement.dataset["theme"] = chosen;
}
