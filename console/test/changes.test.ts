import { describe, expect, test, vi } from "vitest";

import { ApiError } from "../src/api/errors";
import { ChangedMeanwhile, changeIfUnchanged, ifMatch, type Version } from "../src/parts/changes";
import { pagesPlace } from "../src/texts/common";

const outdated = () => new ApiError(412, "PRECONDITION_FAILED", "changed");

/** Watches a value that was seen as "user", and that the API gives in these versions, one after the other. */
function watch(...versions: string[]) {
  let reads = 0;
  const onNewer = vi.fn<(now: Version<string>) => void>();
  const read = async () => {
    reads += 1;
    return { data: versions[reads - 1] ?? "", etag: `"${reads}"` };
  };
  return { seen: "user", read, isSame: (one: string, other: string) => one === other, inWords: (value: string) => value, onNewer };
}

describe("a change of what others change too", () => {
  test("is sent with the version that was read", async () => {
    expect(await changeIfUnchanged(watch("user"), async ({ etag }) => etag)).toBe('"1"');
  });

  test("is not sent if the value is another one than was seen, and both are told", async () => {
    const watched = watch("admin");
    const change = vi.fn<() => Promise<void>>();

    await expect(changeIfUnchanged(watched, change)).rejects.toEqual(new ChangedMeanwhile("user", "admin"));
    await expect(changeIfUnchanged(watch("admin"), change)).rejects.toMatchObject({ seen: "user", now: "admin" });
    expect(change).not.toHaveBeenCalled();
    expect(watched.onNewer).toHaveBeenCalledWith({ data: "admin", etag: '"1"' });
  });

  test("is sent again if another version has the same value", async () => {
    const sent: (string | null)[] = [];

    await changeIfUnchanged(watch("user", "user"), async ({ etag }) => {
      sent.push(etag);
      if (sent.length === 1) {
        throw outdated();
      }
    });
    expect(sent).toEqual(['"1"', '"2"']);
  });

  test("is not sent again if somebody came between the reading and the change", async () => {
    const change = vi.fn<() => Promise<void>>().mockRejectedValue(outdated());

    await expect(changeIfUnchanged(watch("user", "manager"), change)).rejects.toMatchObject({ now: "manager" });
    expect(change).toHaveBeenCalledTimes(1);
  });

  test("is given up after three tries, and at once for another refusal", async () => {
    const change = vi.fn<() => Promise<void>>().mockRejectedValue(outdated());
    await expect(changeIfUnchanged(watch("user", "user", "user", "user"), change)).rejects.toMatchObject({ status: 412 });
    expect(change).toHaveBeenCalledTimes(3);

    const refused = vi.fn<() => Promise<void>>().mockRejectedValue(new ApiError(403, "FORBIDDEN", "no"));
    await expect(changeIfUnchanged(watch("user", "user"), refused)).rejects.toMatchObject({ status: 403 });
    expect(refused).toHaveBeenCalledTimes(1);
  });

  test("has no condition without a version", () => {
    expect(ifMatch(null)).toEqual({});
    expect(ifMatch('"1"')).toEqual({ "If-Match": '"1"' });
  });
});

test.each([
  [{ first: 1, last: 50, number: 1, isEnd: false }, "1 to 50 of more than 50, page 1"],
  [{ first: 51, last: 73, number: 2, isEnd: true }, "51 to 73 of 73, page 2"],
  [{ first: 1, last: 12, number: 1, isEnd: true }, "1 to 12 of 12"],
  [{ first: 1, last: 1, number: 1, isEnd: true }, "1 of 1"],
])("the place in a list %j", (place, text) => {
  expect(pagesPlace(place)).toBe(text);
});
