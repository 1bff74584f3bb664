// The screen of the webhooks of a tenant and of its users, for its admins.

import { useEffect } from "preact/hooks";

import type { Webhook } from "../../../clients/typescript/rolecall";
import { api, dataOf } from "../api/client";
import { useAction } from "../parts/action";
import { toHash } from "../parts/address";
import { announce } from "../parts/notice";
import { ListFrame, useList } from "../parts/list";
import { route, setQuery } from "../parts/route";
import { Badge, Moment, Problem, Typed } from "../parts/small";
import { ActionsCell, Cell, Row, RowHead, Table } from "../parts/table";
import * as texts from "../texts/webhooks";
import { reloadWebhooks, sendTest } from "./actions";
import { CreateDialog, DeleteDialog, RotateDialog } from "./dialogs";
import { opened, setWebhookBeforeTest, webhooksBeforeTest } from "./opened";
import { outcomeOf } from "./outcome";

/** How often, and how many times, the list is read while a test is on its way. */
const TEST_READ_MS = 2000;
const MOST_TEST_READS = 30;

const TONES = { active: "good", failing: "warn", disabled: "bad" } as const;

export function WebhooksPage() {
  const current = opened.value;
  useEffect(() => close, []);
  const list = useList("webhooks", {}, (query, signal) => dataOf(api.GET("/webhooks", { params: { query }, signal })));
  const { webhooks = [], next_cursor: nextCursor } = list.query.data ?? {};
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>{texts.title}</h1>
        <button type="button" class="primary" onClick={() => setQuery({ do: "create" })}>
          {texts.add}
        </button>
      </header>
      <ListFrame list={list} label={texts.title} count={webhooks.length} nextCursor={nextCursor} none={texts.none}>
        <Table
          columns={[texts.url, texts.hearsOf, texts.status, texts.lastDelivery, texts.lastFailure]}
          actions={texts.actions}
        >
          {webhooks.map((webhook) => (
            <WebhookRow key={webhook.id} webhook={webhook} />
          ))}
        </Table>
      </ListFrame>
      {current?.what === "rotate" && <RotateDialog webhook={current.webhook} onClose={close} />}
      {current?.what === "delete" && <DeleteDialog webhook={current.webhook} onClose={close} />}
      {route.value.query["do"] === "create" && <CreateDialog onClose={() => setQuery({ do: null })} />}
    </>
  );
}

function close(): void {
  opened.value = null;
}

function WebhookRow({ webhook }: { webhook: Webhook }) {
  const { url, user_id: userId, status, last_failure: failure } = webhook;
  const test = useTest(webhook);
  return (
    <Row>
      <RowHead>
        <Typed>{url}</Typed>
        {test.problem && <Problem>{test.problem}</Problem>}
      </RowHead>
      <Cell of={texts.hearsOf}>
        {userId ? (
          <a href={toHash(["users"], { person: userId })} title={userId}>
            {texts.oneUser}
          </a>
        ) : (
          texts.everybody
        )}
      </Cell>
      <Cell of={texts.status}>
        <Badge tone={TONES[status]}>{texts.statuses[status]}</Badge>
      </Cell>
      <Cell of={texts.lastDelivery}>
        <Moment at={webhook.last_delivered_at} />
      </Cell>
      <Cell of={texts.lastFailure}>
        <Moment at={failure?.at} />
        {failure && <span class="until">{failure.error}</span>}
      </Cell>
      <ActionsCell>
        <button type="button" aria-label={texts.testingOf(url)} aria-disabled={test.busy} onClick={() => void test.start()}>
          {texts.testingOpen}
        </button>
        <button type="button" aria-label={texts.rotation.of(url)} onClick={() => (opened.value = { what: "rotate", webhook })}>
          {texts.rotation.open}
        </button>
        <button
          type="button"
          class="danger"
          aria-label={texts.deletion.of(url)}
          onClick={() => (opened.value = { what: "delete", webhook })}
        >
          {texts.deletion.open}
        </button>
      </ActionsCell>
    </Row>
  );
}

/** Sends tests to a webhook. Until a test has its result, the list is read repeatedly. Then the result is announced. */
function useTest(webhook: Webhook) {
  const before = webhooksBeforeTest.value[webhook.id];
  useEffect(() => {
    if (!before) {
      return undefined;
    }
    let reads = 0;
    const timer = setInterval(() => {
      reads += 1;
      if (reads > MOST_TEST_READS) {
        setWebhookBeforeTest(webhook.id, undefined);
      } else {
        void reloadWebhooks();
      }
    }, TEST_READ_MS);
    return () => clearInterval(timer);
  }, [before]);
  const outcome = before && outcomeOf(before, webhook);
  useEffect(() => {
    if (outcome) {
      announce(outcome);
      setWebhookBeforeTest(webhook.id, undefined);
    }
  }, [outcome]);
  return useAction(() => sendTest(webhook));
}
