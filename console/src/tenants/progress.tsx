// The way of a deletion from its acceptance to the receipt.

import { useEffect, useRef } from "preact/hooks";

import type { Deletion, ListedTenant } from "../../../clients/typescript/rolecall";
import { api, dataOf } from "../api/client";
import { ApiError, describeError } from "../api/errors";
import { saveFile } from "../parts/download";
import { Progress } from "../parts/progress";
import { useQuery } from "../parts/query";
import { Moment, Problem } from "../parts/small";
import * as common from "../texts/common";
import * as texts from "../texts/tenants";
import { CountList } from "./deletion";

const POLL_MS = 700;
/** Progress is read out in steps of this many percent. */
const SAID_STEP = 25;

export function DeletionProgress({ tenant, onClose }: { tenant: ListedTenant; onClose: () => void }) {
  const job = useDeletion(tenant.id);
  const deletion = job.data;
  return (
    <div class="body">
      {job.error && <Problem>{describeError(job.error)}</Problem>}
      {deletion?.status === "deleted" ? <Receipt deletion={deletion} /> : <Running deletion={deletion ?? null} />}
      <footer>
        {deletion?.status === "deleted" && (
          <button type="button" class="primary" onClick={() => saveReceipt(deletion)}>
            {texts.deletionReceipt}
          </button>
        )}
        <button type="button" onClick={onClose}>
          {deletion?.status === "deleted" ? common.dialogDone : common.dialogClose}
        </button>
      </footer>
    </div>
  );
}

function useDeletion(id: string) {
  return useQuery({
    queryKey: ["deletion", id],
    queryFn: async ({ signal }): Promise<Deletion | null> => {
      try {
        return (await dataOf(api.GET("/global/tenants/{id}/deletion", { params: { path: { id } }, signal }))).data;
      } catch (error) {
        // The request for the deletion may still be on its way.
        if (error instanceof ApiError && error.status === 404) {
          return null;
        }
        throw error;
      }
    },
    refetchInterval: (query) => (query.state.data?.status === "deleted" ? false : POLL_MS),
    staleTime: 0,
  });
}

function Running({ deletion }: { deletion: Deletion | null }) {
  const focused = useFocus();
  const known = deletion && sum(deletion.total) > 0;
  const percent = deletion?.status === "deleting" ? deletion.percent : 0;
  return (
    <>
      <div ref={focused} tabIndex={-1}>
        <Progress
          label={texts.deletionLabel}
          done={known ? percent : null}
          total={100}
          text={known ? texts.deletionItems(sum(deletion.deleted), sum(deletion.total)) : texts.deletionWaiting}
        />
      </div>
      {deletion?.status === "failed" && <Problem>{texts.deletionFailed}</Problem>}
      <p class="muted">{texts.deletionGoesOn}</p>
      <span class="unseen" role="status">
        {texts.deletionPercent(Math.floor(percent / SAID_STEP) * SAID_STEP)}
      </span>
    </>
  );
}

function Receipt({ deletion }: { deletion: Deletion }) {
  const focused = useFocus();
  return (
    <>
      <div role="status">
        <h3 class="done" ref={focused} tabIndex={-1}>
          {texts.deletionDeleted}
        </h3>
      </div>
      {deletion.verified && <p>{texts.deletionVerified}</p>}
      <CountList counts={deletion.deleted} />
      <dl class="fact-list">
        <dt>{texts.deletionFactsRequested}</dt>
        <dd>
          <Moment at={deletion.requested_at} />
        </dd>
        <dt>{texts.deletionFactsDeleted}</dt>
        <dd>
          <Moment at={deletion.deleted_at} />
        </dd>
        <dt>{texts.deletionFactsRequestedBy}</dt>
        <dd>{deletion.requested_by}</dd>
        <dt>{texts.deletionFactsAttempts}</dt>
        <dd>{deletion.attempts}</dd>
      </dl>
    </>
  );
}

function saveReceipt(deletion: Deletion): void {
  saveFile(`deletion-${deletion.tenant_id}.json`, `${JSON.stringify(deletion, null, 2)}\n`, "application/json");
}

/** Puts the focus on an element when it appears, because the element that had it is gone. */
function useFocus<E extends HTMLElement = HTMLDivElement>() {
  const element = useRef<E & HTMLHeadingElement>(null);
  useEffect(() => element.current?.focus(), []);
  return element;
}

function sum(counts: Deletion["total"]): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
