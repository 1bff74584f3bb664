// Parts that stand on the sign-in page and in the header.

import { chooseTheme, theme, type Theme } from "../parts/theme";
import * as texts from "../texts/common";

/** The product's sign and name. */
export function Mark() {
  return (
    <span class="mark">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" />
        <path class="lines" d="M8 9.5h10M8 16h7M8 22.5h5" />
        <path class="tick" d="m17.5 20.5 3 3 5.5-7" />
      </svg>
      {texts.product}
    </span>
  );
}

export function ThemeChoice() {
  return (
    <select
      class="quiet"
      aria-label={texts.shellTheme}
      value={theme.value}
      onChange={(event) => chooseTheme(event.currentTarget.value as Theme)}
    >
      {(["system", "light", "dark"] as const).map((one) => (
        <option key={one} value={one}>
          {texts.shellThemes[one]}
        </option>
      ))}
    </select>
  );
}
