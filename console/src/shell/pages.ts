// The page of each screen.

import type { ComponentType } from "preact";

import type { Screen } from "../api/session";
import { AccountsPage } from "../accounts/page";
import { AuditPage } from "../audit/page";
import { TenantsPage } from "../tenants/page";
import { UsersPage } from "../users/page";
import { WebhooksPage } from "../webhooks/page";

export const pages: Record<Screen, ComponentType> = {
  users: UsersPage,
  accounts: AccountsPage,
  tenants: TenantsPage,
  audit: AuditPage,
  webhooks: WebhooksPage,
};
