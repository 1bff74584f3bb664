// Listens to the keyboard, and shows what opens over any screen.

import { Fragment } from "preact";
import { useEffect } from "preact/hooks";

import { type Screen, screens } from "../api/session";
import { Dialog } from "../parts/dialog";
import { goTo, route } from "../parts/route";
import { PasswordDialog } from "../sign-in/passwords";
import * as common from "../texts/common";
import * as texts from "../texts/palette";
import { startCreating } from "./commands";
import { type Meaning, meaningOf, SCREEN_KEYS } from "./keys";
import { Palette } from "./palette";
import { closePanel, openedPanel, singleKeysOn } from "./state";

/** How long after `g` the second key counts. */
const SECOND_KEY_MS = 1500;

export function Panels() {
  useEffect(() => {
    let pressedG = -SECOND_KEY_MS;
    const listen = (event: KeyboardEvent) => {
      const meaning = meaningOf({
        key: event.key,
        ctrl: event.ctrlKey || event.metaKey,
        alt: event.altKey,
        typing: isField(event.target),
        afterG: event.timeStamp - pressedG < SECOND_KEY_MS,
        singleKeys: singleKeysOn.value,
      });
      pressedG = meaning?.action === "wait" ? event.timeStamp : -SECOND_KEY_MS;
      // While a dialog is open, nothing behind it may change.
      if (meaning && !document.querySelector("dialog[open]")) {
        event.preventDefault();
        follow(meaning);
      }
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
  switch (openedPanel.value) {
    case "palette":
      return <Palette />;
    case "shortcuts":
      return <ShortcutsDialog />;
    case "password":
      return <PasswordDialog onClose={closePanel} />;
    default:
      return null;
  }
}

function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.matches("input:not([type='checkbox'], [type='radio']), select, textarea")
  );
}

function follow(meaning: Meaning): void {
  switch (meaning.action) {
    case "palette":
    case "shortcuts":
      openedPanel.value = meaning.action;
      break;
    case "search":
      document.querySelector<HTMLElement>("main input[type='search']")?.focus();
      break;
    case "create":
      startCreating((route.value.screen || screens()[0]) as Screen);
      break;
    case "screen":
      if (screens().includes(meaning.screen)) {
        goTo([meaning.screen]);
      }
      break;
    case "wait":
      break;
  }
}

function ShortcutsDialog() {
  const rows: [keys: string[], what: string][] = [
    [["Ctrl", "K"], texts.shortcutsPalette],
    [["/"], texts.shortcutsSearch],
    [["n"], texts.shortcutsCreate],
    ...screens().map((screen): [string[], string] => [
      ["g", SCREEN_KEYS[screen]],
      texts.shortcutsScreen(common.screens[screen]),
    ]),
    [["?"], texts.shortcutsHelp],
    [["Esc"], texts.shortcutsClose],
  ];
  return (
    <Dialog title={texts.shortcutsTitle} onClose={closePanel}>
      <div class="body">
        <dl class="fact-list">
          {rows.map(([keys, what]) => (
            <div class="fact" key={what}>
              <dt>
                {keys.map((key, at) => (
                  <Fragment key={key}>
                    {at > 0 && (keys[0] === "g" ? ` ${texts.shortcutsThen} ` : " + ")}
                    <kbd>{key}</kbd>
                  </Fragment>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <label class="choice">
          <input
            type="checkbox"
            checked={singleKeysOn.value}
            onChange={(event) => {
              singleKeysOn.value = event.currentTarget.checked;
            }}
          />
          <span>
            {texts.shortcutsSingle}
            <span class="hint">{texts.shortcutsSingleHint}</span>
          </span>
        </label>
        <footer>
          <button type="button" onClick={closePanel}>
            {common.dialogClose}
          </button>
        </footer>
      </div>
    </Dialog>
  );
}
