// The dialog that changes the role of an account, with an end and a reason.

import { useState } from "preact/hooks";

import type { Account, PlatformRole } from "../../../clients/typescript/rolecall";
import { useAct } from "../parts/act";
import { Confirm } from "../parts/confirm";
import * as texts from "../texts/accounts";
import { NO_TERMS } from "../users/roles";
import { TermsFields } from "../users/terms";
import { changeRole, roleOf, roleText } from "./acts";

export function RoleDialog({ account, role, onClose }: { account: Account; role: PlatformRole; onClose: () => void }) {
  const [terms, setTerms] = useState(NO_TERMS);
  const act = useAct(async () => {
    await changeRole(account, role, terms);
    onClose();
  });
  return (
    <Confirm
      title={texts.roleChangeTitle(account.email)}
      text={texts.roleChangeIntro(roleText(roleOf(account)), roleText(role))}
      submit={texts.roleChangeSubmit}
      act={act}
      onSubmit={() => void act.start()}
      onClose={onClose}
    >
      <TermsFields terms={terms} onTerms={setTerms} />
    </Confirm>
  );
}
