// The entry: the page for who is signed in.

import { render } from "preact";
import { useReducer } from "preact/hooks";

import { queryClient } from "./api/queries";
import { session } from "./api/session";
import { keepFocus } from "./parts/focus";
import { onChange } from "./parts/state";
import "./styles/index.css";
import { ForcedPasswordChange } from "./sign-in/passwords";
import { SessionEndedDialog } from "./sign-in/session-ended";
import { SignIn } from "./sign-in/sign-in";
import { Shell } from "./shell/shell";

function App() {
  const [, renderAgain] = useReducer((count: number) => count + 1, 0);
  onChange(() => renderAgain(undefined));
  return (
    <>
      <Page />
      <SessionEndedDialog />
    </>
  );
}

function Page() {
  if (!session.value) {
    return <SignIn />;
  }
  return session.value.mustChangePassword ? <ForcedPasswordChange /> : <Shell />;
}

// Reads that wait for the network continue when it is back.
queryClient.mount();
keepFocus();
const root = document.getElementById("app");
if (root) {
  root.replaceChildren();
  render(<App />, root);
}
