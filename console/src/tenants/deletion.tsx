// The dialogs about the deletion of a tenant: what will go, when, and the way to the receipt.

import { useState } from "preact/hooks";

import type { Counts, ListedTenant } from "../../../clients/typescript/rolecall";
import { api, dataOf } from "../api/client";
import { describeError } from "../api/errors";
import { queryClient } from "../api/queries";
import { useAction } from "../parts/action";
import { Confirm } from "../parts/confirm";
import { Dialog } from "../parts/dialog";
import { TextField } from "../parts/fields";
import { useQuery } from "../parts/query";
import { Problem } from "../parts/small";
import * as texts from "../texts/tenants";
import { announceSchedule, requestDeletion } from "./actions";
import { useTenantDetails } from "./details";
import { DeletionProgress } from "./progress";

interface DialogProps {
  tenant: ListedTenant;
  onClose: () => void;
}

/** Shows what will be deleted, asks for the name, and then follows the deletion. */
export function DeletionDialog({ tenant, isScheduled, onClose }: DialogProps & { isScheduled: boolean }) {
  const [running, setRunning] = useState(false);
  const action = useAction(async (days: number | null, reason: string) => {
    setRunning(days === null);
    try {
      await requestDeletion(tenant, days, reason);
    } catch (error) {
      setRunning(false);
      throw error;
    }
    if (days === null) {
      await queryClient.invalidateQueries({ queryKey: ["deletion", tenant.id] });
    } else {
      onClose();
      announceSchedule(tenant);
    }
  });
  if (running) {
    return <ProgressDialog tenant={tenant} onClose={onClose} />;
  }
  return (
    <DeletionForm
      tenant={tenant}
      isScheduled={isScheduled}
      action={action}
      onClose={onClose}
      onConfirm={(days, reason) => void action.start(days, reason)}
    />
  );
}

/** Follows a deletion that somebody started before. */
export function ProgressDialog({ tenant, onClose }: DialogProps) {
  return (
    <Dialog key="progress" title={texts.deletionRunning(tenant.name)} onClose={onClose}>
      <DeletionProgress tenant={tenant} onClose={onClose} />
    </Dialog>
  );
}

interface FormProps extends DialogProps {
  isScheduled: boolean;
  action: { busy: boolean; problem: string | null };
  /** `days` is null for a deletion now. */
  onConfirm: (days: number | null, reason: string) => void;
}

function DeletionForm({ tenant, isScheduled, action, onClose, onConfirm }: FormProps) {
  const [later, setLater] = useState(false);
  const [days, setDays] = useState("7");
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const [differs, setDiffers] = useState(false);
  const details = useTenantDetails(tenant.id);
  const isProtected = details.data?.data.deletion_protection === true;
  const submit = () => {
    const matches = typed.trim() === tenant.name.trim();
    setDiffers(!matches);
    if (matches && !isProtected) {
      onConfirm(later ? Number(days) : null, reason.trim());
    }
  };
  return (
    <Confirm
      title={texts.deletionTitle(tenant.name)}
      text={texts.deletionIntro}
      submit={later ? texts.deletionSubmitLater : texts.deletionSubmitNow}
      danger
      action={{ ...action, busy: action.busy || isProtected }}
      onSubmit={submit}
      onClose={onClose}
    >
      {isProtected ? <Problem>{texts.deletionProtected}</Problem> : <Preview id={tenant.id} />}
      {!isScheduled && (
        <fieldset class="choices">
          <legend class="label">{texts.deletionWhen}</legend>
          <Choice label={texts.deletionNow} hint={texts.deletionNowHint} checked={!later} onChoose={() => setLater(false)} />
          <Choice label={texts.deletionLater} hint={texts.deletionLaterHint} checked={later} onChoose={() => setLater(true)} />
        </fieldset>
      )}
      {later && (
        <TextField
          label={texts.deletionDays}
          hint={texts.deletionDaysHint}
          type="number"
          min={1}
          max={90}
          required
          value={days}
          onValue={setDays}
        />
      )}
      <TextField
        label={texts.deletionReason}
        hint={texts.deletionReasonHint}
        optional
        maxLength={500}
        autocomplete="off"
        value={reason}
        onValue={setReason}
      />
      <TextField
        label={texts.deletionConfirm}
        hint={tenant.name}
        problem={differs ? texts.deletionDiffers : null}
        required
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onValue={setTyped}
      />
    </Confirm>
  );
}

function Choice({ label, hint, checked, onChoose }: { label: string; hint: string; checked: boolean; onChoose: () => void }) {
  return (
    <label class="choice">
      <input type="radio" name="when" checked={checked} onChange={onChoose} />
      <span>
        {label}
        <span class="hint">{hint}</span>
      </span>
    </label>
  );
}

/** What the API's dry run says. */
function Preview({ id }: { id: string }) {
  const preview = useQuery({
    queryKey: ["deletion-preview", id],
    queryFn: async ({ signal }) => {
      const { data } = await dataOf(
        api.DELETE("/global/tenants/{id}", { params: { path: { id }, query: { dry_run: true } }, signal }),
      );
      return "would_delete" in data ? data : null;
    },
    staleTime: 0,
  });
  return (
    <section aria-label={texts.deletionWillGo} aria-busy={preview.isFetching}>
      <h3>{texts.deletionWillGo}</h3>
      {preview.isPending && <p class="muted">{texts.deletionCounting}</p>}
      {preview.error && <Problem>{describeError(preview.error)}</Problem>}
      {preview.data && <CountList counts={preview.data.would_delete} />}
      {preview.data?.complete === false && <p class="muted">{texts.deletionAtLeast}</p>}
    </section>
  );
}

function kindText(kind: string, count: number): string {
  const plural = texts.kinds[kind] ?? kind;
  return count === 1 ? plural.replace(/s$/u, "") : plural;
}

/** How many items there are of each kind. The kinds with most items come first. */
export function CountList({ counts }: { counts: Counts }) {
  const rows = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort((one, other) => other[1] - one[1]);
  return (
    <ul class="counts">
      {rows.map(([kind, count]) => (
        <li key={kind}>
          <strong>{count}</strong> {kindText(kind, count)}
        </li>
      ))}
    </ul>
  );
}
