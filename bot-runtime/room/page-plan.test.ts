import { describe, expect, it } from "vitest";
import { lacksPage, type PageView, pageForCall, surplusPages } from "./page-plan.ts";

const SLOTS = 3;

function page(roomCount: number, freeSlots = SLOTS - roomCount, live = true): PageView {
  return { roomCount, freeSlots, live };
}

const [empty, one, full, worn, wornBusy, gone] = [
  page(0),
  page(1),
  page(SLOTS),
  page(0, 0),
  page(1, 0),
  page(0, SLOTS, false),
];

describe("lacksPage", () => {
  it.each<[string, PageView[], boolean, boolean]>([
    ["nothing", [], true, true],
    ["an empty page", [empty], false, false],
    ["a page with a call", [one], true, false],
    ["a full page", [full], true, false],
    ["a page with a call, and a spare", [one, empty], false, false],
    ["a page that has served its time", [worn], true, true],
    ["such a page with a call", [wornBusy], true, false],
    ["such a page, and one with a call", [worn, one], true, false],
    ["a page that went away", [gone], true, true],
  ])("of %s", (_, pages, withSpare, without) => {
    expect(lacksPage(pages, { spare: true })).toBe(withSpare);
    expect(lacksPage(pages, { spare: false })).toBe(without);
  });
});

describe("surplusPages", () => {
  const other = page(0);
  it.each<[string, PageView[], PageView[], PageView[]]>([
    ["the only page", [empty], [], []],
    ["the spare beside calls", [one, empty], [], [empty]],
    ["the spare beside a full page", [full, empty], [], []],
    ["the second empty one", [empty, other], [other], [other]],
    ["a worn one while there is no other", [worn], [], []],
    ["a worn one beside another", [worn, empty], [worn], [worn]],
    ["a worn one beside one with room", [worn, one], [worn], [worn]],
    ["a worn one with a call", [wornBusy, empty], [], []],
    ["those with calls", [one, one, full], [], []],
  ])("%s", (_, pages, withSpare, without) => {
    expect(surplusPages(pages, { spare: true })).toEqual(withSpare);
    expect(surplusPages(pages, { spare: false })).toEqual(without);
  });

  it("leaves a host that lacks no page when they are gone", () => {
    const kinds = [empty, one, full, worn, wornBusy];
    for (const spare of [true, false]) {
      for (const a of kinds) {
        for (const b of kinds) {
          const pages = [{ ...a }, { ...b }, { ...empty }];
          const surplus = surplusPages(pages, { spare });
          expect(
            lacksPage(
              pages.filter((one) => !surplus.includes(one)),
              { spare },
            ),
          ).toBe(false);
        }
      }
    }
  });
});

describe("pageForCall", () => {
  it("is the fullest with room, and the spare only when there is no other", () => {
    const two = page(2);
    expect(pageForCall([empty, one, two, full])).toBe(two);
    expect(pageForCall([page(0, 1), one])).toBe(one);
    expect(pageForCall([full, empty])).toBe(empty);
    expect(pageForCall([full, worn, gone])).toBeUndefined();
  });
});
