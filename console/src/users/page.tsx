// The screen of the users of a tenant: the list for an admin, one person at a time for others.

import { useState } from "preact/hooks";

import { session } from "../api/session";
import { Dialog } from "../parts/dialog";
import { TextField } from "../parts/fields";
import { goTo, route, setQuery } from "../parts/route";
import { toHash } from "../parts/address";
import { ManyPage } from "../many/page";
import * as texts from "../texts/users";
import { CreateDialog } from "./create";
import { UserList } from "./list";
import { Person } from "./person";

export function UsersPage() {
  const isAdmin = session.value?.standing === "admin";
  if (route.value.rest[0] === "many") {
    return <ManyPage />;
  }
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>{texts.title}</h1>
        <a class="button" href={toHash(["users", "many"])}>
          {texts.selectionMany}
        </a>
        {isAdmin && (
          <button type="button" class="primary" onClick={() => setQuery({ do: "create" })}>
            {texts.creationOpen}
          </button>
        )}
      </header>
      {isAdmin ? <UserList /> : <OnePerson />}
      {isAdmin && route.value.query["person"] && (
        <PersonDialog key={route.value.query["person"]} id={route.value.query["person"]} />
      )}
      {isAdmin && route.value.query["do"] === "create" && <CreateDialog onClose={() => setQuery({ do: null })} />}
    </>
  );
}

function PersonDialog({ id }: { id: string }) {
  const [title, setTitle] = useState<string>(texts.title);
  const close = () => setQuery({ person: null, do: null });
  return (
    <Dialog title={title} onClose={close} wide>
      <div class="body">
        <Person id={id} onTitle={setTitle} onGone={close} />
      </div>
    </Dialog>
  );
}

/** For those who may not list the users: a person is opened by their id. */
function OnePerson() {
  const shown = route.value.query["person"] ?? session.value?.userId ?? "";
  const [id, setId] = useState(shown);
  const [title, setTitle] = useState("");
  const open = (event: Event) => {
    event.preventDefault();
    goTo(["users"], { person: id.trim() });
  };
  return (
    <>
      <form class="open-person" onSubmit={open}>
        <TextField
          label={texts.personId}
          hint={texts.personIntro}
          required
          spellcheck={false}
          class="mono"
          value={id}
          onValue={setId}
        />
        <button type="submit" class="primary">
          {texts.personOpenButton}
        </button>
      </form>
      {shown && (
        <section class="card">
          <h2 tabIndex={-1}>{title}</h2>
          <Person key={shown} id={shown} onTitle={setTitle} onGone={() => setQuery({ person: null, do: null })} />
        </section>
      )}
    </>
  );
}
