// What is done to tenants and their deletions.

import type { ListedTenant } from "../../../clients/typescript/rolecall";
import { answerOf, api, dataOf } from "../api/client";
import { queryClient } from "../api/queries";
import { ifMatch, takeBack } from "../parts/changes";
import { announce } from "../parts/notice";
import * as texts from "../texts/tenants";

export function reloadTenants(): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: ["tenants"] });
}

/** Asks for a deletion now, or in some days if `days` is not null. Throws `ApiError`. */
export async function requestDeletion({ id, name }: ListedTenant, days: number | null, reason: string): Promise<void> {
  await dataOf(
    api.DELETE("/global/tenants/{id}", {
      params: {
        path: { id },
        query: { ...(days !== null && { grace_days: days }), ...(reason && { reason }) },
        header: { "X-Confirm-Tenant-Name": encodeURIComponent(name) },
      },
    }),
  );
}

/** Takes a scheduled deletion back and returns what to say. Throws `ApiError`. */
export async function restoreTenant({ id, name }: ListedTenant): Promise<string> {
  await dataOf(api.POST("/global/tenants/{id}/restore", { params: { path: { id } } }));
  await reloadTenants();
  return texts.restored(name);
}

/** Says that a deletion is scheduled, and offers to undo it. */
export function announceSchedule(tenant: ListedTenant): void {
  announce(texts.deletionScheduled(tenant.name), () => takeBack(tenant.name, () => restoreTenant(tenant)));
}

/** Changes the protection of a tenant that still has the version. Returns the new version. Throws `ApiError`. */
export async function setProtection(id: string, wanted: boolean, version: string | null): Promise<string | null> {
  const { etag } = await answerOf(
    api.PUT("/global/tenants/{id}", {
      params: { path: { id }, header: ifMatch(version) },
      body: { deletion_protection: wanted },
    }),
  );
  return etag;
}

/** Says that a tenant is protected or no longer protected, and offers to undo it. */
export function announceProtection(tenant: ListedTenant, isProtected: boolean, version: string | null): void {
  const said = (now: boolean) => (now ? texts.detailsProtected : texts.detailsLifted)(tenant.name);
  announce(said(isProtected), () =>
    takeBack(tenant.name, async () => {
      await setProtection(tenant.id, !isProtected, version);
      await queryClient.invalidateQueries({ queryKey: ["tenant", tenant.id] });
      return said(!isProtected);
    }),
  );
}
