import { expect, test, vi } from "vitest";

import { forgetSession, onChange, sessionState, state } from "../src/parts/state";

test("several changes render the page once, and a change to the same value does not", async () => {
  const render = vi.fn();
  onChange(render);
  const [one, other] = [state(1), state("a")];

  one.value = 2;
  other.value = "b";
  await Promise.resolve();
  one.value = 2;
  await Promise.resolve();

  expect(render).toHaveBeenCalledOnce();
  expect([one.value, other.value]).toEqual([2, "b"]);
});

test("the end of a session takes back what one person did, and nothing else", () => {
  const [selection, theme] = [sessionState<string[]>([]), state("system")];
  selection.value = ["somebody"];
  theme.value = "dark";

  forgetSession();

  expect([selection.value, theme.value]).toEqual([[], "dark"]);
});
