// The dialogs about one account: what is known of it, what can be done with it, and what was done to it.

import { useState } from "preact/hooks";

import type { Account, HistoryEntry } from "../../../clients/typescript/rolecall";
import { answerOf, api } from "../api/client";
import { describeError } from "../api/errors";
import { useAction } from "../parts/action";
import { Confirm, SecretDialog } from "../parts/confirm";
import { Dialog } from "../parts/dialog";
import { TextField } from "../parts/fields";
import { useInfiniteQuery } from "../parts/query";
import { Refusal } from "../parts/refusal";
import { Badge, Moment, Problem, Typed } from "../parts/small";
import * as common from "../texts/common";
import * as users from "../texts/users";
import { MOST_OF_REASON } from "../users/terms";
import * as texts from "../texts/accounts";
import { changeState, isOwn, resetPassword, roleOf, roleText, stateActionsOf } from "./actions";
import { closeDialog, opened, type StateAction } from "./opened";
import { StateBadges } from "./page";
import { RoleDialog } from "./role";

interface DialogProps {
  account: Account;
}

/** Shows the dialog that is open. */
export function OpenedDialog() {
  const current = opened.value;
  if (!current) {
    return null;
  }
  const { account } = current;
  switch (current.what) {
    case "account":
      return <AccountDialog account={account} />;
    case "history":
      return <HistoryDialog account={account} />;
    case "role":
      return <RoleDialog account={account} wanted={current.role} />;
    case "password":
      return <PasswordResetDialog account={account} />;
    default:
      return <StateDialog key={current.what} account={account} what={current.what} />;
  }
}

/** Shows an account. Each action that it offers asks in a dialog of its own. */
function AccountDialog({ account }: DialogProps) {
  return (
    <Dialog title={account.email} onClose={closeDialog}>
      <div class="body">
        <Facts account={account} />
        <footer>
          {!isOwn(account) && (
            <>
              <button type="button" onClick={() => (opened.value = { what: "password", account })}>
                {texts.password.open}
              </button>
              {stateActionsOf(account).map((what) => (
                <button
                  type="button"
                  key={what}
                  class={isDangerous(what) ? "danger" : undefined}
                  onClick={() => (opened.value = { what, account })}
                >
                  {texts.stateActions[what].open}
                </button>
              ))}
            </>
          )}
          <button type="button" onClick={closeDialog}>
            {common.dialogDone}
          </button>
        </footer>
      </div>
    </Dialog>
  );
}

function Facts({ account }: { account: Account }) {
  return (
    <dl class="fact-list">
      <dt>{texts.name}</dt>
      <dd>
        <Typed>{`${account.firstName} ${account.lastName}`}</Typed>
      </dd>
      <dt>{texts.factsId}</dt>
      <dd class="mono">{account.id}</dd>
      <dt>{texts.role}</dt>
      <dd>
        {roleText(roleOf(account))}{" "}
        {account.roleUntil && account.lastingRole && texts.until(account.roleUntil, roleText(account.lastingRole))}
      </dd>
      <dt>{texts.state}</dt>
      <dd>
        <StateBadges account={account} />
      </dd>
      {account.banned && (
        <>
          <dt>{texts.factsBanReason}</dt>
          <dd>
            <Typed>{account.banReason}</Typed>
          </dd>
          <dt>{texts.factsBannedAt}</dt>
          <dd>
            <Moment at={account.bannedAt} />
          </dd>
        </>
      )}
      <dt>{texts.factsKyc}</dt>
      <dd>{account.kycStatus.toLowerCase()}</dd>
      <dt>{texts.lastLogin}</dt>
      <dd>
        <Moment at={account.lastLoginAt} />
      </dd>
      <dt>{texts.factsCreated}</dt>
      <dd>
        <Moment at={account.createdAt} />
      </dd>
    </dl>
  );
}

/** Asks for the reason of a ban, an unban, an enabling or a disabling. */
function StateDialog({ account, what }: DialogProps & { what: StateAction }) {
  const said = texts.stateActions[what];
  const [reason, setReason] = useState("");
  const action = useAction(async () => {
    await changeState(account, what, reason.trim());
    closeDialog();
  });
  const start = () => void action.start();
  return (
    <Confirm
      title={said.title(account.email)}
      text={said.intro}
      submit={said.open}
      danger={isDangerous(what)}
      action={action}
      refusal={<Refusal action={action} anyway={texts.anyway(said.open)} onAnyway={start} />}
      onSubmit={start}
      onClose={closeDialog}
    >
      <TextField
        label={users.termsReason}
        required
        maxLength={MOST_OF_REASON}
        autocomplete="off"
        data-focus
        value={reason}
        onValue={setReason}
      />
    </Confirm>
  );
}

function isDangerous(action: StateAction): boolean {
  return action === "ban" || action === "disable";
}

function PasswordResetDialog({ account }: DialogProps) {
  const [secret, setSecret] = useState<string | null>(null);
  const action = useAction(async () => setSecret(await resetPassword(account)));
  const said = texts.password;
  if (secret !== null) {
    return <SecretDialog title={account.email} label={said.secret} secret={secret} onClose={closeDialog} />;
  }
  return (
    <Confirm
      title={said.title(account.email)}
      text={said.intro}
      submit={said.open}
      danger
      action={action}
      onSubmit={() => void action.start()}
      onClose={closeDialog}
    />
  );
}

/** How many entries are read at once. */
const SIZE = 25;

/** Shows what was done to an account, newest first. */
function HistoryDialog({ account }: DialogProps) {
  const list = useInfiniteQuery({
    queryKey: ["account-history", account.id],
    queryFn: ({ pageParam, signal }) => readHistory(account.id, pageParam, signal),
    getNextPageParam: (last) => last.nextCursor,
    staleTime: 0,
  });
  const entries = list.data?.pages.flatMap((page) => page.entries);
  return (
    <Dialog title={texts.historyOf(account.email)} onClose={closeDialog} wide>
      <div class="body">
        {list.error && <Problem>{describeError(list.error)}</Problem>}
        {!entries && !list.error && <p class="muted">{common.loading}</p>}
        {entries?.length === 0 && <p class="muted">{texts.timelineNone}</p>}
        <ol class="timeline">
          {entries?.map((entry) => (
            <TimelineEntry key={entry.id} entry={entry} />
          ))}
        </ol>
        <footer>
          {list.hasNextPage && (
            <button type="button" aria-disabled={list.isFetching} onClick={() => void list.fetchNextPage()}>
              {texts.timelineOlder}
            </button>
          )}
          <button type="button" onClick={closeDialog}>
            {common.dialogDone}
          </button>
        </footer>
      </div>
    </Dialog>
  );
}

function TimelineEntry({ entry }: { entry: HistoryEntry }) {
  return (
    <li>
      <Moment at={entry.actionTimestamp} />
      <div>
        <strong>{entry.actionDescription}</strong> {entry.status === "DENIED" && <Badge tone="bad">{texts.timelineRefused}</Badge>}{" "}
        <span class="muted">
          {texts.timelineBy} <Typed>{entry.adminEmail ?? entry.adminName}</Typed>
        </span>
      </div>
      <p>
        <Typed>{entry.description}</Typed>
      </p>
    </li>
  );
}

/** Reads a page of the history. The API gives the way on as a link (RFC 8288). Throws `ApiError`. */
async function readHistory(id: number, cursor: string, signal: AbortSignal) {
  let link: string | null = null;
  const { data } = await answerOf(
    api
      .GET("/v1/api/superadmin/users/{id}/history", {
        params: { path: { id }, query: { limit: SIZE, ...(cursor && { cursor }) } },
        signal,
      })
      .then((result) => {
        link = result.response.headers.get("Link");
        return result;
      }),
  );
  return { entries: data, nextCursor: cursorOf(link) };
}

/** Returns the cursor in a `Link` header such as `<?limit=25&cursor=abc>; rel="next"`. */
export function cursorOf(link: string | null): string | undefined {
  return /[?&]cursor=([^&>]+)/u.exec(link ?? "")?.[1];
}
