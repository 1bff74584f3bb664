// The frame around every screen: the header with the screens and the person, and the region of results.

import type { ComponentType } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import { type Screen, screens, session } from "../api/session";
import { signOut } from "../api/sign-in";
import { clearNotice, NoticeRegion } from "../parts/notice";
import { Panels } from "../palette/shortcuts";
import { openedPanel } from "../palette/state";
import { toHash } from "../parts/address";
import { goTo, replacePlace, route } from "../parts/route";
import * as texts from "../texts/common";
import * as palette from "../texts/palette";
import { Mark, ThemeChoice } from "./parts";
import { pages } from "./pages";

export function Shell() {
  const current = currentScreen();
  useFocusOnNewScreen(current);
  useAddressOfScreen();
  // A result stays on the screen where it was asked for.
  useEffect(clearNotice, [`${current} ${route.value.rest.join(" ")}`]);
  const Page: ComponentType = current ? pages[current] : Nothing;
  return (
    <>
      <a class="skip" href="#main" onClick={focusMain}>
        {texts.shellSkip}
      </a>
      <header class="bar">
        <Mark />
        <nav aria-label={texts.shellScreens}>
          {screens().map((screen) => (
            <a key={screen} href={toHash([screen])} aria-current={screen === current ? "page" : undefined}>
              {texts.screens[screen]}
            </a>
          ))}
        </nav>
        <div class="who">
          <span class="name" title={session.value?.name}>
            <bdi>{session.value?.name}</bdi>
          </span>
          <button type="button" class="quiet" onClick={() => (openedPanel.value = "palette")}>
            {palette.open} <kbd>Ctrl K</kbd>
          </button>
          <ThemeChoice />
          {session.value?.kind !== "token" && (
            <button type="button" class="quiet" onClick={() => (openedPanel.value = "password")}>
              {texts.shellChangePassword}
            </button>
          )}
          <button type="button" onClick={leave}>
            {texts.shellSignOut}
          </button>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <Page key={current} />
      </main>
      <NoticeRegion />
      <Panels />
    </>
  );
}

/** Returns the screen that the address names, or the first one if the session does not have that one. */
function currentScreen(): Screen | undefined {
  const shown = screens();
  return shown.find((screen) => screen === route.value.screen) ?? shown[0];
}

/** The screen of a session that may administer nothing. */
function Nothing() {
  return (
    <>
      <h1 tabIndex={-1}>{texts.product}</h1>
      <p>{texts.shellNothing}</p>
    </>
  );
}

function leave(): void {
  goTo([]);
  void signOut();
}

function focusMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** Writes the screen into an address that names none or another one, so that filters stand beside their screen. */
function useAddressOfScreen(): void {
  useEffect(() => {
    // The place may have changed since the rendering.
    const screen = currentScreen();
    if (screen && route.value.screen !== screen) {
      replacePlace([screen], route.value.screen ? {} : route.value.query);
    }
  });
}

/** Moves the focus to the heading as soon as another screen is shown, so that it is read out. */
function useFocusOnNewScreen(screen: Screen | undefined): void {
  const last = useRef<Screen | null | undefined>(null);
  useLayoutEffect(() => {
    if (last.current !== screen) {
      document.querySelector<HTMLElement>("h1")?.focus();
    }
    last.current = screen;
  }, [screen]);
}
