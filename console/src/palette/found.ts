// What the palette offers for a person, a tenant or a webhook that it found.

import type { Account, ListedTenant, UserWithChoices, Webhook } from "../../../clients/typescript/rolecall";
import { isOwn, roleOf, stateActionsOf } from "../accounts/actions";
import * as accounts from "../accounts/opened";
import { describeError } from "../api/errors";
import { session } from "../api/session";
import { announce } from "../parts/notice";
import { goTo } from "../parts/route";
import { restoreTenant } from "../tenants/actions";
import * as tenants from "../tenants/opened";
import * as accountTexts from "../texts/accounts";
import * as texts from "../texts/palette";
import * as tenantTexts from "../texts/tenants";
import * as webhookTexts from "../texts/webhooks";
import type { PersonAction } from "../users/person";
import { sendTest } from "../webhooks/actions";
import * as webhooks from "../webhooks/opened";
import type { Found } from "./offer";

type Actions = readonly (readonly [label: string, run: () => void])[];

function foundWithActions(kind: string, id: string, label: string, run: () => void, actions: Actions): Found {
  return {
    id,
    kind,
    label,
    run,
    actions: actions.map(([action, runAction]) => ({ id: `${id} ${action}`, kind: texts.kindsAction, label: action, run: runAction })),
  };
}

export function foundUser({ id, email, active, allowed_roles: allowed }: UserWithChoices): Found {
  const open = (action?: PersonAction) => () => goTo(["users"], { person: id, do: action });
  const others: Actions = [
    [texts.setPassword(email), open("password")],
    [active ? texts.deactivate(email) : texts.activate(email), open("active")],
    [texts.remove(email), open("delete")],
  ];
  return foundWithActions(texts.kindsUser, id, email, open(), [
    ...(allowed?.length ? [[texts.changeRole(email), open("role")] as const] : []),
    [texts.newToken(email), open("rotate")],
    ...(id === session.value?.userId ? [] : others),
  ]);
}

export function foundAccount(account: Account): Found {
  const { id, email } = account;
  const open = (what: "account" | "history" | "password" | "role" | accounts.StateAction) => () => {
    accounts.opened.value = what === "role" ? { what, account, role: roleOf(account) } : { what, account };
    goTo(["accounts"], { email });
  };
  const others: Actions = [
    [texts.changeRole(email), open("role")],
    ...stateActionsOf(account).map((action) => [`${accountTexts.stateActions[action].open} ${email}`, open(action)] as const),
    [texts.resetPassword(email), open("password")],
  ];
  return foundWithActions(texts.kindsAccount, String(id), email, open("account"), [
    [accountTexts.historyOf(email), open("history")],
    ...(isOwn(account) ? [] : others),
  ]);
}

export function foundTenant(tenant: ListedTenant, status: tenants.Status): Found {
  const { id, name } = tenant;
  const show = () => goTo(["tenants"], { name, status: status === "active" ? null : status });
  const open = (what: tenants.Opened["what"]) => () => {
    tenants.opened.value = { what, tenant, status };
    show();
  };
  const restore = () => {
    goTo(["tenants"], { name });
    run(async () => announce(await restoreTenant(tenant)));
  };
  return foundWithActions(texts.kindsTenant, id, name, open("details"), [
    [tenantTexts.auditOf(name), () => goTo(["audit"], { tenant: id })],
    [texts.protection(name), open("details")],
    ...(status === "scheduled" ? [[tenantTexts.restoreOf(name), restore] as const] : []),
    status === "deleting"
      ? [tenantTexts.progressOf(name), open("progress")]
      : [tenantTexts.deleteOf(name), open("delete")],
  ]);
}

/** The audit of a tenant is there also when the tenant is deleted. */
export function auditOfTenant(id: string): Found {
  return foundWithActions(texts.kindsTenant, id, texts.auditOf(id), () => goTo(["audit"], { tenant: id }), []);
}

export function foundWebhook(webhook: Webhook): Found {
  const { id, url } = webhook;
  const show = () => goTo(["webhooks"]);
  const open = (what: webhooks.Opened["what"]) => () => {
    webhooks.opened.value = { what, webhook };
    show();
  };
  const test = () => {
    show();
    run(() => sendTest(webhook));
  };
  return foundWithActions(texts.kindsWebhook, id, url, show, [
    [webhookTexts.testingOf(url), test],
    [webhookTexts.rotation.of(url), open("rotate")],
    [webhookTexts.deletion.of(url), open("delete")],
  ]);
}

/** Runs an action that has no dialog of its own, and says why it was refused. */
function run(action: () => Promise<void>): void {
  action().catch((error: unknown) => announce(describeError(error)));
}
