// Texts of the webhooks.

export const title = "Webhooks";
export const add = "Add webhook";
export const url = "Address";
export const hearsOf = "Hears of";
export const everybody = "everybody";
export const oneUser = "one user";
export const status = "Status";
export const statuses = { active: "active", failing: "failing", disabled: "disabled" };
export const lastDelivery = "Last delivery";
export const lastFailure = "Last failure";
export const none = "There are no webhooks. A webhook tells another system when a user's role or state changes.";
export const actions = "Actions";

export const testingOpen = "Test";
export const testingOf = (url: string) => `Test ${url}`;
export const testingStarted = (url: string) => `A test is on its way to ${url}.`;
export const testingDelivered = (url: string) => `${url} has received a delivery.`;
export const testingFailed = (url: string, why: string) => `The delivery to ${url} failed: ${why}.`;

export const creationTitle = "Add a webhook";
export const creationUrlHint = "It begins with https:// and can be reached from the internet.";
export const creationUser = "Only for this user";
export const creationUserHint = "Email or id. Without it the webhook gets the events of all users.";
export const creationNoUser = "No user has this email";
export const creationSubmit = "Add";
export const creationDone = (url: string) => `${url} is added.`;

export const rotation = {
  open: "New secret",
  of: (url: string) => `New secret of ${url}`,
  title: "Make a new secret?",
  text: (url: string) => `Deliveries to ${url} are signed with both secrets for 24 hours, then with the new one alone.`,
  enables: "The webhook is disabled now. This makes it active again.",
  submit: "Make a new secret",
  done: (url: string) => `${url} has a new secret.`,
};

export const secret = "Secret that signs the deliveries";

export const deletion = {
  open: "Delete",
  of: (url: string) => `Delete ${url}`,
  title: "Delete this webhook?",
  text: (url: string) => `Nothing more is delivered to ${url}. It can't be undone.`,
  submit: "Delete",
  done: (url: string) => `${url} is deleted.`,
};
