// What is done to webhooks.

import type { Webhook } from "../../../clients/typescript/rolecall";
import { api, dataOf } from "../api/client";
import { ApiError } from "../api/errors";
import { queryClient } from "../api/queries";
import { toStoredEmail } from "../parts/emails";
import { announce } from "../parts/notice";
import * as texts from "../texts/webhooks";
import { setWebhookBeforeTest } from "./opened";

/** A secret that is shown once, of a webhook that was added or has a new secret. */
export interface NewSecret {
  title: string;
  secret: string;
}

export function reloadWebhooks(): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: ["webhooks"] });
}

/** Adds a webhook, of the whole tenant if `user` is empty. `user` is an email or an id. Throws `ApiError`. */
export async function addWebhook(url: string, user: string): Promise<NewSecret> {
  const body = { url, ...(user && { user_id: await findUserId(user) }) };
  const added = await dataOf(api.POST("/webhooks", { body }));
  return announceAndReload({ title: texts.creationDone(added.webhook.url), secret: added.webhook_secret });
}

/** Gives a webhook a new secret. Throws `ApiError`. */
export async function rotateSecret({ id, url }: Webhook): Promise<NewSecret> {
  const rotated = await dataOf(api.POST("/webhooks/{id}/secret", { params: { path: { id } } }));
  return announceAndReload({ title: texts.rotation.done(url), secret: rotated.webhook_secret });
}

/** Deletes a webhook. Throws `ApiError`. */
export async function deleteWebhook({ id, url }: Webhook): Promise<void> {
  await dataOf(api.DELETE("/webhooks/{id}", { params: { path: { id } } }));
  announce(texts.deletion.done(url));
  await reloadWebhooks();
}

/** Sends a test to a webhook, also to a disabled one. Its row follows the test to its outcome. Throws `ApiError`. */
export async function sendTest(webhook: Webhook): Promise<void> {
  await dataOf(api.POST("/webhooks/{id}/test", { params: { path: { id: webhook.id } } }));
  announce(texts.testingStarted(webhook.url));
  setWebhookBeforeTest(webhook.id, webhook);
}

/** Announces the title of a new secret, reloads the list, and returns the new secret. */
function announceAndReload(newSecret: NewSecret): NewSecret {
  announce(newSecret.title);
  void reloadWebhooks();
  return newSecret;
}

async function findUserId(emailOrId: string): Promise<string> {
  if (!emailOrId.includes("@")) {
    return emailOrId.toLowerCase();
  }
  const email = toStoredEmail(emailOrId);
  // The API finds emails that begin with this one. They are sorted, so this one comes first.
  const { users } = await dataOf(api.GET("/users", { params: { query: { email, limit: 1 } } }));
  const found = users.find((user) => user.email.toLowerCase() === email);
  if (!found) {
    throw new ApiError(404, "USER_NOT_FOUND", texts.creationNoUser);
  }
  return found.id;
}
