// One entry of the audit: as a line of the list, and with all that is known of it.

import type { AuditEntry } from "../../../clients/typescript/rolecall";
import { Dialog } from "../parts/dialog";
import { formatMoment } from "../parts/moments";
import { setQuery } from "../parts/route";
import { Badge, Moment, Typed } from "../parts/small";
import * as common from "../texts/common";
import * as texts from "../texts/audit";
import { actionText, actorName, changesOf, type FieldChange, targetName } from "./entries";

interface LineProps {
  entry: AuditEntry;
  names: ReadonlyMap<string, string>;
  onOpen: () => void;
}

export function EntryLine({ entry, names, onOpen }: LineProps) {
  const actor = actorName(entry);
  const target = targetName(entry, names);
  const action = actionText(entry.action);
  return (
    <li>
      <Moment at={entry.timestamp} />
      <span>
        <button type="button" class="link" title={texts.onlyActor(actor)} onClick={() => setQuery({ actor: entry.actor.id })}>
          <Typed>{actor}</Typed>
        </button>
      </span>
      <span>
        {action} {entry.outcome === "denied" && <Badge tone="bad">{texts.refused}</Badge>}{" "}
        {entry.refusals && <Badge>{texts.refusals(entry.refusals)}</Badge>}
      </span>
      <span>
        <button type="button" class="link" title={texts.onlyTarget(target)} onClick={() => setQuery({ target: entry.target.id })}>
          <Typed>{target}</Typed>
        </button>
      </span>
      <span class="changes">
        {newsOf(entry, target).map((change) => (
          <Change key={change.field} change={change} />
        ))}
        {entry.reason && (
          <q>
            <Typed>{entry.reason}</Typed>
          </q>
        )}
      </span>
      <button type="button" class="quiet" aria-label={texts.detailsOf(action, formatMoment(entry.timestamp))} onClick={onOpen}>
        {texts.details}
      </button>
    </li>
  );
}

function titleOf(entry: AuditEntry, names: LineProps["names"]): string {
  return `${actorName(entry)} ${actionText(entry.action)} ${targetName(entry, names)}`;
}

/** Returns the changes that the rest of the line does not say already. */
function newsOf(entry: AuditEntry, target: string): FieldChange[] {
  const isTarget = (change: FieldChange) => (change.field === "email" || change.field === "name") && change.before === null && change.after === target;
  const isUsual = (change: FieldChange) => change.field === "active" && change.before === null && change.after === "true";
  return changesOf(entry).filter((change) => !isTarget(change) && !isUsual(change));
}

/** A field with its value before and after, such as `role user → manager`. */
function Change({ change }: { change: FieldChange }) {
  // Times are shown as everywhere else.
  const shown = (value: string) => (change.field.endsWith("until") ? formatMoment(value) : value);
  return (
    <span class="change">
      <span class="muted">{change.field.replaceAll("_", " ")}</span>{" "}
      {change.before !== null && (
        <>
          <Typed>{shown(change.before)}</Typed> <span role="img" aria-label={texts.becomes}>→</span>{" "}
        </>
      )}
      <strong>
        <Typed>{change.after === null ? texts.nothing : shown(change.after)}</Typed>
      </strong>
    </span>
  );
}

export function DetailsDialog({ entry, names, onClose }: Omit<LineProps, "onOpen"> & { onClose: () => void }) {
  const facts: [name: string, value: string | null][] = [
    [texts.factsWhen, entry.timestamp],
    [texts.factsOutcome, texts.outcomes[entry.outcome]],
    [texts.factsActor, [entry.actor.email, entry.actor.type, entry.actor.id].filter(Boolean).join(" · ")],
    [texts.factsTarget, `${entry.target.type} · ${entry.target.id}`],
    [texts.factsReason, entry.reason],
    [texts.factsBefore, entry.before && JSON.stringify(entry.before, null, 1)],
    [texts.factsAfter, entry.after && JSON.stringify(entry.after, null, 1)],
    [texts.factsIp, entry.ip],
    [texts.factsRequest, entry.request_id],
    [texts.factsId, entry.id],
  ];
  return (
    <Dialog title={titleOf(entry, names)} onClose={onClose} wide>
      <div class="body">
        <dl class="fact-list">
          {facts.map(([name, value]) => (
            <div class="fact" key={name}>
              <dt>{name}</dt>
              <dd>
                <Typed>{value ?? texts.nothing}</Typed>
              </dd>
            </div>
          ))}
        </dl>
        <footer>
          <button type="button" onClick={onClose}>
            {common.dialogDone}
          </button>
        </footer>
      </div>
    </Dialog>
  );
}
