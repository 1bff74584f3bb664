// What the palette offers without a search: the screens and the acts of the session.

import { type Screen, screens, session } from "../api/session";
import { signOut } from "../api/sign-in";
import { goTo } from "../parts/route";
import { chooseTheme } from "../parts/theme";
import * as common from "../texts/common";
import * as texts from "../texts/palette";
import { openedPanel } from "./state";

export interface Command {
  id: string;
  kind: string;
  label: string;
  run: () => void;
}

/** The act that creates something on a screen. `do` in the address opens its dialog. */
const CREATING: Partial<Record<Screen, { label: string; act: string }>> = {
  users: { label: texts.createUser, act: "create" },
  accounts: { label: texts.createAccount, act: "create" },
  tenants: { label: texts.registerTenant, act: "register" },
  webhooks: { label: texts.addWebhook, act: "create" },
};

/** Opens the dialog that creates something on the screen, if the session may do it. */
export function startCreating(screen: Screen): void {
  const creating = creatingOf(screen);
  if (creating && screens().includes(screen)) {
    goTo([screen], { do: creating.act });
  }
}

function creatingOf(screen: Screen) {
  return session.value?.standing === "member" ? undefined : CREATING[screen];
}

/** Returns the commands of the session. */
export function commandsOfSession(): Command[] {
  const act = (id: string, label: string, run: () => void): Command => ({ id, kind: texts.kindsAct, label, run });
  return [
    ...screens().map((screen) => ({
      id: `screen-${screen}`,
      kind: texts.kindsScreen,
      label: texts.goTo(common.screens[screen]),
      run: () => goTo([screen]),
    })),
    ...screens().flatMap((screen) => {
      const creating = creatingOf(screen);
      return creating ? [act(`create-${screen}`, creating.label, () => startCreating(screen))] : [];
    }),
    ...(["light", "dark", "system"] as const).map((one) =>
      act(`theme-${one}`, texts.themes[one], () => chooseTheme(one)),
    ),
    act("shortcuts", texts.shortcutsTitle, () => {
      openedPanel.value = "shortcuts";
    }),
    act("sign-out", texts.signOut, () => void signOut()),
  ];
}

/** Returns the commands whose label has every word of the text. */
export function matchingCommands(commands: readonly Command[], text: string): Command[] {
  const words = text.toLowerCase().split(/\s+/u).filter(Boolean);
  return commands.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
}
