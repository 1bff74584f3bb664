// What the palette offers without a search: the screens and the acts of the session.

import { type Screen, screens, session } from "../api/session";
import { signOut } from "../api/sign-in";
import { askForExport } from "../audit/export";
import { undoOfNotice } from "../parts/notice";
import { goTo, route } from "../parts/route";
import { chooseTheme } from "../parts/theme";
import * as common from "../texts/common";
import * as texts from "../texts/palette";
import type { Command } from "./offer";
import { openedPanel, singleKeysOn } from "./state";

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

function actCommand(label: string, run: () => void): Command {
  return { id: label, kind: texts.kindsAct, label, run };
}

/** Returns the commands of the session. */
export function commandsOfSession(): Command[] {
  const shown = screens();
  const { userId, kind } = session.value ?? {};
  const undoable = undoOfNotice();
  return [
    ...(undoable ? [actCommand(texts.undo(undoable.text), () => void undoable.undo())] : []),
    ...shown.map((screen) => ({
      id: screen,
      kind: texts.kindsScreen,
      label: texts.goTo(common.screens[screen]),
      run: () => goTo([screen]),
    })),
    ...shown.flatMap((screen) => {
      const creating = creatingOf(screen);
      return creating ? [actCommand(creating.label, () => startCreating(screen))] : [];
    }),
    ...(shown.includes("users") ? [actCommand(texts.changeMany, () => goTo(["users", "many"]))] : []),
    ...(canExport() ? [actCommand(texts.exportAudit, startExport)] : []),
    ...(userId ? [actCommand(texts.ownToken, () => goTo(["users"], { person: userId, do: "rotate" }))] : []),
    ...(kind === "token" ? [] : [actCommand(texts.ownPassword, openPanel("password"))]),
    ...(["light", "dark", "system"] as const).map((one) => actCommand(texts.themes[one], () => chooseTheme(one))),
    actCommand(texts.shortcutsTitle, openPanel("shortcuts")),
    actCommand(singleKeysOn.value ? texts.singleKeysOff : texts.singleKeysOn, () => {
      singleKeysOn.value = !singleKeysOn.value;
    }),
    actCommand(texts.signOut, () => void signOut()),
  ];
}

function openPanel(panel: "shortcuts" | "password") {
  return () => {
    openedPanel.value = panel;
  };
}

/** An operator exports the audit of the tenant that the screen shows. */
function canExport(): boolean {
  const { screen, query } = route.value;
  return screens().includes("audit") && (session.value?.standing === "admin" || (screen === "audit" && Boolean(query["tenant"])));
}

/** Exports the entries that fit the filters of the screen, or all of them from another screen. */
function startExport(): void {
  askForExport();
  if (route.value.screen !== "audit") {
    goTo(["audit"]);
  }
}
