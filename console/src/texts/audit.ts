// Texts of the audit.

export const title = "Audit";
export const tenant = "Tenant id";
export const chooseTenant = "Whose audit? Open a tenant's audit from the list of tenants, or paste the tenant's id. The audit of a deleted tenant is still here.";
export const actor = "Actor id";
export const target = "Target id";
export const action = "Action";
export const anyAction = "Any action";
export const outcome = "Outcome";
export const anyOutcome = "Any outcome";
export const outcomes = { succeeded: "succeeded", denied: "refused" };
export const from = "From";
export const to = "To";
export const clear = "Clear the filters";
export const list = "Entries";
export const none = "No entry fits these filters.";
export const noneYet = "No entry among those that were read so far.";
export const older = "Show older entries";
export const loadingOlder = "Loading older entries…";
export const end = "These are all entries.";
export const onlyActor = (name: string) => `Show only what ${name} did`;
export const onlyTarget = (name: string) => `Show only what was done to ${name}`;
export const operator = "Operator";
export const system = "System";
export const refused = "refused";
export const refusals = (count: number) => `${count} refusals`;
export const details = "Details";
export const detailsOf = (action: string, moment: string) => `Details: ${action}, ${moment}`;
export const nothing = "none";
export const becomes = "becomes";

export const factsId = "Entry";
export const factsWhen = "When";
export const factsActor = "Actor";
export const factsTarget = "Target";
export const factsOutcome = "Outcome";
export const factsReason = "Reason";
export const factsRequest = "Request";
export const factsIp = "Address";
export const factsBefore = "Before";
export const factsAfter = "After";

export const exportStart = "Export as CSV";
export const exportBusy = (count: number) => `${count} entries read…`;
export const exportStop = "Stop the export";
export const exportDone = (count: number) => `${count} entries are saved as CSV.`;
export const exportColumns = [
    "timestamp",
    "outcome",
    "action",
    "actor_type",
    "actor_id",
    "actor_email",
    "target_type",
    "target_id",
    "before",
    "after",
    "reason",
    "ip",
    "request_id",
    "refusals",
  ];

export const actions = {
  promote_user: "changed the role of",
  promote_users: "changed many roles in",
  create_user: "created",
  update_user: "changed",
  delete_user: "deleted",
  rotate_token: "rotated the API token of",
  change_password: "changed the password of",
  revoke_session: "ended a session of",
  lapse_role: "ended the temporary role of",
  issue_admin_token: "issued an API token for",
  register_tenant: "registered",
  update_tenant: "changed the settings of",
  schedule_tenant_deletion: "scheduled the deletion of",
  restore_tenant: "restored",
  delete_tenant: "started the deletion of",
  complete_tenant_deletion: "completed the deletion of",
  create_webhook: "added",
  delete_webhook: "deleted",
  rotate_webhook_secret: "made a new secret of",
  enable_webhook: "enabled",
  disable_webhook: "disabled",
} as Record<string, string>;
