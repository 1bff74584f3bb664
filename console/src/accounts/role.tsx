// The dialog that changes the role of an account, with an end and a reason.

import { useState } from "preact/hooks";

import type { Account, PlatformRole } from "../../../clients/typescript/rolecall";
import { useAction } from "../parts/action";
import { Confirm } from "../parts/confirm";
import { SelectField } from "../parts/fields";
import { Refusal } from "../parts/refusal";
import * as texts from "../texts/accounts";
import { NO_TERMS } from "../users/roles";
import { TermsFields } from "../users/terms";
import { changeRole, roleOf, ROLES, roleText } from "./actions";
import { closeDialog } from "./opened";

/** `wanted` is the role that is chosen at first. */
export function RoleDialog({ account, wanted }: { account: Account; wanted: PlatformRole }) {
  const [role, setRole] = useState(wanted);
  const [terms, setTerms] = useState(NO_TERMS);
  const action = useAction(async () => {
    await changeRole(account, role, terms);
    closeDialog();
  });
  const start = () => void action.start();
  return (
    <Confirm
      title={texts.roleChangeTitle(account.email)}
      text={texts.roleChangeIntro(roleText(roleOf(account)), roleText(role))}
      submit={texts.roleChangeSubmit}
      action={action}
      refusal={<Refusal action={action} anyway={texts.roleChangeAnyway(roleText(role))} onAnyway={start} />}
      onSubmit={start}
      onClose={closeDialog}
    >
      <SelectField
        label={texts.roleChangeNew}
        options={ROLES.map((one) => [one, roleText(one)] as const)}
        value={role}
        onValue={(chosen) => setRole(chosen as PlatformRole)}
      />
      <TermsFields terms={terms} onTerms={setTerms} />
    </Confirm>
  );
}
