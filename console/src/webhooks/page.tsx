// The screen of the webhooks of a tenant and of its users, for its admins.

import { useEffect, useState } from "preact/hooks";

import type { Webhook } from "../../../clients/typescript/rolecall";
import { api, dataOf } from "../api/client";
import { describeError } from "../api/errors";
import { useAct } from "../parts/act";
import { toHash } from "../parts/address";
import { announce } from "../parts/notice";
import { Pager, usePages } from "../parts/pages";
import { keepPreviousData, useQuery } from "../parts/query";
import { route, setQuery } from "../parts/route";
import { Badge, Moment, Problem, Typed } from "../parts/small";
import * as common from "../texts/common";
import * as texts from "../texts/webhooks";
import { reloadWebhooks, sendTest } from "./acts";
import { CreateDialog, DeleteDialog, RotateDialog } from "./dialogs";
import { outcomeOf } from "./outcome";

/** How many webhooks a page has. */
const SIZE = 50;
/** How often, and how many times, the list is read while a test is on its way. */
const TEST_READ_MS = 2000;
const MOST_TEST_READS = 30;

const TONES = { active: "good", failing: "warn", disabled: "bad" } as const;

/** A dialog about one webhook. */
interface Opened {
  what: "rotate" | "delete";
  webhook: Webhook;
}

export function WebhooksPage() {
  const [opened, setOpened] = useState<Opened | null>(null);
  const pages = usePages("");
  const { cursor } = pages;
  const list = useQuery({
    queryKey: ["webhooks", cursor],
    queryFn: ({ signal }) =>
      dataOf(api.GET("/webhooks", { params: { query: { limit: SIZE, ...(cursor && { cursor }) } }, signal })),
    placeholderData: keepPreviousData,
  });
  const webhooks = list.data?.webhooks ?? [];
  const close = () => setOpened(null);
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>{texts.title}</h1>
        <button type="button" class="primary" onClick={() => setQuery({ do: "create" })}>
          {texts.add}
        </button>
      </header>
      {list.error && <Problem>{describeError(list.error)}</Problem>}
      <div class="table-frame" aria-busy={list.isFetching}>
        <table class="webhooks stacked">
          <thead>
            <tr>
              {[texts.url, texts.hearsOf, texts.status, texts.lastDelivery, texts.lastFailure].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
              <th scope="col">
                <span class="unseen">{texts.acts}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {webhooks.map((webhook) => (
              <WebhookRow key={webhook.id} webhook={webhook} open={setOpened} />
            ))}
          </tbody>
        </table>
        {!list.error && !webhooks.length && <p class="empty">{list.isPending ? common.loading : texts.none}</p>}
      </div>
      <Pager
        pages={pages}
        label={texts.title}
        size={SIZE}
        count={webhooks.length}
        nextCursor={list.data?.next_cursor}
        loading={list.isPending}
      />
      {opened?.what === "rotate" && <RotateDialog webhook={opened.webhook} onClose={close} />}
      {opened?.what === "delete" && <DeleteDialog webhook={opened.webhook} onClose={close} />}
      {route.value.query["do"] === "create" && <CreateDialog onClose={() => setQuery({ do: null })} />}
    </>
  );
}

function WebhookRow({ webhook, open }: { webhook: Webhook; open: (opened: Opened) => void }) {
  const { url, user_id: userId, status, last_failure: failure } = webhook;
  const test = useTest(webhook);
  return (
    <tr>
      <th scope="row">
        <Typed>{url}</Typed>
        {test.problem && <Problem>{test.problem}</Problem>}
      </th>
      <td data-label={texts.hearsOf}>
        {userId ? (
          <a href={toHash(["users"], { person: userId })} title={userId}>
            {texts.oneUser}
          </a>
        ) : (
          texts.everybody
        )}
      </td>
      <td data-label={texts.status}>
        <Badge tone={TONES[status]}>{texts.statuses[status]}</Badge>
      </td>
      <td data-label={texts.lastDelivery}>
        <Moment at={webhook.last_delivered_at} />
      </td>
      <td data-label={texts.lastFailure}>
        <Moment at={failure?.at} />
        {failure && <span class="until">{failure.error}</span>}
      </td>
      <td class="row-acts">
        <button type="button" aria-label={texts.testingOf(url)} aria-disabled={test.busy} onClick={() => void test.start()}>
          {texts.testingOpen}
        </button>
        <button type="button" aria-label={texts.rotation.of(url)} onClick={() => open({ what: "rotate", webhook })}>
          {texts.rotation.open}
        </button>
        <button
          type="button"
          class="danger"
          aria-label={texts.deletion.of(url)}
          onClick={() => open({ what: "delete", webhook })}
        >
          {texts.deletion.open}
        </button>
      </td>
    </tr>
  );
}

/** Sends tests to a webhook. While one is on its way the list is read again and again; then the outcome is said. */
function useTest(webhook: Webhook) {
  const [tested, setTested] = useState<Webhook | null>(null);
  const act = useAct(async () => {
    await sendTest(webhook);
    setTested(webhook);
  });
  useEffect(() => {
    if (!tested) {
      return undefined;
    }
    let reads = 0;
    const timer = setInterval(() => {
      reads += 1;
      if (reads > MOST_TEST_READS) {
        setTested(null);
      } else {
        void reloadWebhooks();
      }
    }, TEST_READ_MS);
    return () => clearInterval(timer);
  }, [tested]);
  const outcome = tested && outcomeOf(tested, webhook);
  useEffect(() => {
    if (outcome) {
      announce(outcome);
      setTested(null);
    }
  }, [outcome]);
  return act;
}
