// Texts of the tenants.

export const title = "Tenants";
export const register = "Register tenant";
export const search = "Search by name";
export const status = "Status";
export const statuses = { active: "active", scheduled: "deletion scheduled", deleting: "being deleted" };
export const name = "Name";
export const created = "Created";
export const deletesAt = "Deleted from";
export const actions = "Actions";
export const none = "No tenant is listed with these filters.";
export const open = (name: string) => `Details of ${name}`;
export const audit = "Audit";
export const auditOf = (name: string) => `Audit of ${name}`;
export const remove = "Delete";
export const deleteOf = (name: string) => `Delete ${name}`;
export const restore = "Restore";
export const restoreOf = (name: string) => `Restore ${name}`;
export const restored = (name: string) => `${name} is restored. Everything is as it was.`;
export const progress = "Progress";
export const progressOf = (name: string) => `Progress of the deletion of ${name}`;

export const detailsId = "Id";
export const detailsChanged = "Changed";
export const detailsProtection = "Protection against deletion";
export const detailsOn = "on";
export const detailsOff = "off";
export const detailsProtect = "Protect against deletion";
export const detailsLift = "Lift the protection";
export const detailsProtected = (name: string) => `${name} is protected against deletion.`;
export const detailsLifted = (name: string) => `${name} is no longer protected against deletion.`;
export const detailsChangedMeanwhile = "Somebody else changed this tenant meanwhile. Its present state is shown here. Nothing was overwritten.";

export const registration = {
  title: "Register a tenant",
  name: "Name of the tenant",
  email: "Email of its first admin",
  password: "Password of the admin",
  passwordHint: "8 to 128 characters. The admin can change it after signing in.",
  submit: "Register",
  done: (name: string) => `${name} is registered.`,
  token: (email: string) => `API token of ${email}`,
};

export const deletionTitle = (name: string) => `Delete ${name}?`;
export const deletionRunning = (name: string) => `Deletion of ${name}`;
export const deletionIntro = "This removes the tenant and everything that belongs to it. It can't be undone.";
export const deletionCounting = "Counting what will be deleted…";
export const deletionWillGo = "What will be deleted";
export const deletionAtLeast = "There is more than was counted here.";
export const deletionWhen = "When";
export const deletionNow = "Now";
export const deletionLater = "In some days";
export const deletionNowHint = "Nobody of the tenant gets in any more, and the data is removed at once.";
export const deletionLaterHint = "Nobody of the tenant gets in any more. Until that day the tenant can be restored.";
export const deletionDays = "Days until the deletion";
export const deletionDaysHint = "1 to 90";
export const deletionReason = "Reason";
export const deletionReasonHint = "Kept in the audit. Up to 500 characters.";
export const deletionConfirm = "Type the name to confirm";
export const deletionDiffers = "This is not the name of the tenant.";
export const deletionSubmitNow = "Delete now";
export const deletionSubmitLater = "Schedule the deletion";
export const deletionProtected = "This tenant is protected against deletion. Lift the protection first, under its details.";
export const deletionScheduled = (name: string) => `The deletion of ${name} is scheduled. Nobody of it gets in any more.`;
export const deletionLabel = "Deleted so far";
export const deletionItems = (deleted: number, total: number) => `${deleted} of ${total} items`;
export const deletionPercent = (percent: number) => `${percent} percent deleted`;
export const deletionWaiting = "The tenant is closed. The removal begins…";
export const deletionFailed = "The deletion has stopped. It is tried again within five minutes.";
export const deletionGoesOn = "The deletion continues if you close this.";
export const deletionDeleted = "Deleted";
export const deletionVerified = "Reads of every partition of the tenant found nothing.";
export const deletionReceipt = "Save receipt";
export const deletionFactsRequested = "Requested";
export const deletionFactsRequestedBy = "Requested by";
export const deletionFactsDeleted = "Deleted";
export const deletionFactsAttempts = "Attempts";

export const kinds = {
  users: "users",
  devices: "devices",
  sessions: "sessions",
  tokens: "API tokens",
  emails: "reserved emails",
  credentials: "passwords",
  names: "reserved name",
  tenants: "tenant",
  webhooks: "webhooks",
} as Record<string, string>;
