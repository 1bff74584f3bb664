// The dialog with the details of a tenant, and its protection against deletion.

import { useState } from "preact/hooks";

import type { ListedTenant } from "../../../clients/typescript/rolecall";
import { answerOf, api } from "../api/client";
import { ApiError, describeError } from "../api/errors";
import { useAction } from "../parts/action";
import { Dialog } from "../parts/dialog";
import { useQuery } from "../parts/query";
import { Badge, Moment, Problem } from "../parts/small";
import * as common from "../texts/common";
import * as texts from "../texts/tenants";
import { announceProtection, setProtection } from "./actions";

export function DetailsDialog({ tenant, onClose }: { tenant: ListedTenant; onClose: () => void }) {
  const [changedMeanwhile, setChangedMeanwhile] = useState(false);
  const details = useTenantDetails(tenant.id);
  const current = details.data?.data;
  const protect = useAction(async (wanted: boolean) => {
    setChangedMeanwhile(false);
    try {
      const etag = await setProtection(tenant.id, wanted, details.data?.etag ?? null);
      announceProtection(tenant, wanted, etag);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 412)) {
        throw error;
      }
      setChangedMeanwhile(true);
    }
    await details.refetch();
  });
  return (
    <Dialog title={tenant.name} onClose={onClose}>
      <div class="body">
        {details.error && <Problem>{describeError(details.error)}</Problem>}
        {changedMeanwhile && <Problem>{texts.detailsChangedMeanwhile}</Problem>}
        <dl class="fact-list">
          <dt>{texts.detailsId}</dt>
          <dd class="mono">{tenant.id}</dd>
          <dt>{texts.created}</dt>
          <dd>
            <Moment at={tenant.created_at} />
          </dd>
          <dt>{texts.detailsChanged}</dt>
          <dd>
            <Moment at={current?.updated_at ?? tenant.updated_at} />
          </dd>
          <dt>{texts.detailsProtection}</dt>
          <dd>
            {current ? (
              <Badge tone={current.deletion_protection ? "good" : "plain"}>
                {current.deletion_protection ? texts.detailsOn : texts.detailsOff}
              </Badge>
            ) : (
              common.loading
            )}
          </dd>
        </dl>
        {protect.problem && <Problem>{protect.problem}</Problem>}
        <footer>
          {current && (
            <button
              type="button"
              aria-disabled={protect.busy}
              onClick={() => void protect.start(!current.deletion_protection)}
            >
              {current.deletion_protection ? texts.detailsLift : texts.detailsProtect}
            </button>
          )}
          <button type="button" class="primary" onClick={onClose}>
            {common.dialogDone}
          </button>
        </footer>
      </div>
    </Dialog>
  );
}

/** Returns the query of one tenant with its version. */
export function useTenantDetails(id: string) {
  return useQuery({
    queryKey: ["tenant", id],
    queryFn: async ({ signal }) => {
      const { data, etag } = await answerOf(api.GET("/global/tenants/{id}", { params: { path: { id } }, signal }));
      return { data: data.data, etag };
    },
    staleTime: 0,
  });
}
