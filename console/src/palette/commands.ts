// What the palette offers without a search: the screens and the actions of the session.

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

/** The action that creates something on a screen. `do` in the address opens its dialog. */
const CREATING: Partial<Record<Screen, { label: string; action: string }>> = {
  users: { label: texts.createUser, action: "create" },
  accounts: { label: texts.createAccount, action: "create" },
  tenants: { label: texts.registerTenant, action: "register" },
  webhooks: { label: texts.addWebhook, action: "create" },
};

/** Opens the dialog that creates something on the screen, if the session may do it. */
export function startCreating(screen: Screen): void {
  const creating = creatingOf(screen);
  if (creating && screens().includes(screen)) {
    goTo([screen], { do: creating.action });
  }
}

function creatingOf(screen: Screen) {
  return session.value?.standing === "member" ? undefined : CREATING[screen];
}

function actionCommand(label: string, run: () => void): Command {
  return { id: label, kind: texts.kindsAction, label, run };
}

/** Returns the commands of the session. */
export function commandsOfSession(): Command[] {
  const shown = screens();
  const { userId, kind } = session.value ?? {};
  const undoable = undoOfNotice();
  return [
    ...(undoable ? [actionCommand(texts.undo(undoable.text), () => void undoable.undo())] : []),
    ...shown.map((screen) => ({
      id: screen,
      kind: texts.kindsScreen,
      label: texts.goTo(common.screens[screen]),
      run: () => goTo([screen]),
    })),
    ...shown.flatMap((screen) => {
      const creating = creatingOf(screen);
      return creating ? [actionCommand(creating.label, () => startCreating(screen))] : [];
    }),
    ...(shown.includes("users") ? [actionCommand(texts.changeMany, () => goTo(["users", "many"]))] : []),
    ...(canExport() ? [actionCommand(texts.exportAudit, startExport)] : []),
    ...(userId ? [actionCommand(texts.ownToken, () => goTo(["users"], { person: userId, do: "rotate" }))] : []),
    ...(kind === "token" ? [] : [actionCommand(texts.ownPassword, openPanel("password"))]),
    ...(["light", "dark", "system"] as const).map((one) => actionCommand(texts.themes[one], () => chooseTheme(one))),
    actionCommand(texts.shortcutsTitle, openPanel("shortcuts")),
    actionCommand(singleKeysOn.value ? texts.singleKeysOff : texts.singleKeysOn, () => {
      singleKeysOn.value = !singleKeysOn.value;
    }),
    actionCommand(texts.signOut, () => void signOut()),
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
