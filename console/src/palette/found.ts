// What the palette offers for a person, a tenant or a webhook that it found.

import type { Account, ListedTenant, UserWithChoices, Webhook } from "../../../clients/typescript/rolecall";
import { isOwn, roleOf, stateActsOf } from "../accounts/acts";
import * as accounts from "../accounts/opened";
import { describeError } from "../api/errors";
import { session } from "../api/session";
import { announce } from "../parts/notice";
import { goTo } from "../parts/route";
import { restoreTenant } from "../tenants/acts";
import * as tenants from "../tenants/opened";
import * as accountTexts from "../texts/accounts";
import * as texts from "../texts/palette";
import * as tenantTexts from "../texts/tenants";
import * as webhookTexts from "../texts/webhooks";
import type { PersonAct } from "../users/person";
import { sendTest } from "../webhooks/acts";
import * as webhooks from "../webhooks/opened";
import type { Found } from "./offer";

type Acts = readonly (readonly [label: string, run: () => void])[];

function withActs(kind: string, id: string, label: string, run: () => void, acts: Acts): Found {
  return {
    id,
    kind,
    label,
    run,
    acts: acts.map(([act, runAct]) => ({ id: `${id} ${act}`, kind: texts.kindsAct, label: act, run: runAct })),
  };
}

export function foundUser({ id, email, active, allowed_roles: allowed }: UserWithChoices): Found {
  const open = (act?: PersonAct) => () => goTo(["users"], { person: id, do: act });
  const others: Acts = [
    [texts.setPassword(email), open("password")],
    [active ? texts.deactivate(email) : texts.activate(email), open("active")],
    [texts.remove(email), open("delete")],
  ];
  return withActs(texts.kindsUser, id, email, open(), [
    ...(allowed?.length ? [[texts.changeRole(email), open("role")] as const] : []),
    [texts.newToken(email), open("rotate")],
    ...(id === session.value?.userId ? [] : others),
  ]);
}

export function foundAccount(account: Account): Found {
  const { id, email } = account;
  const open = (what: "account" | "history" | "password" | "role" | accounts.StateAct) => () => {
    accounts.opened.value = what === "role" ? { what, account, role: roleOf(account) } : { what, account };
    goTo(["accounts"], { email });
  };
  const others: Acts = [
    [texts.changeRole(email), open("role")],
    ...stateActsOf(account).map((act) => [`${accountTexts.stateActs[act].open} ${email}`, open(act)] as const),
    [texts.resetPassword(email), open("password")],
  ];
  return withActs(texts.kindsAccount, String(id), email, open("account"), [
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
  return withActs(texts.kindsTenant, id, name, open("details"), [
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
  return withActs(texts.kindsTenant, id, texts.auditOf(id), () => goTo(["audit"], { tenant: id }), []);
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
  return withActs(texts.kindsWebhook, id, url, show, [
    [webhookTexts.testingOf(url), test],
    [webhookTexts.rotation.of(url), open("rotate")],
    [webhookTexts.deletion.of(url), open("delete")],
  ]);
}

/** Runs an act that has no dialog of its own, and says why it was refused. */
function run(act: () => Promise<void>): void {
  act().catch((error: unknown) => announce(describeError(error)));
}
