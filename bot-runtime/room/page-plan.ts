/** Which pages a host should have. Pure. */

export interface PageView {
  readonly live: boolean;
  readonly roomCount: number;
  /** Calls that it can take now. 0 for good when it has served its time. */
  readonly freeSlots: number;
}

export interface PagePlan {
  /** Whether an empty page is kept beside those with calls, for the calls of one that crashes. */
  spare: boolean;
}

/** Whether a page should be opened that nobody waits for. */
export function lacksPage(pages: readonly PageView[], { spare }: PagePlan): boolean {
  const live = pages.filter((page) => page.live);
  const isUsable = ({ freeSlots }: PageView) => freeSlots > 0;
  const isEmpty = ({ roomCount }: PageView) => roomCount === 0;
  if (spare) return !live.some((page) => isEmpty(page) && isUsable(page));
  // Without a spare page, one is opened when a call needs it; but an idle host has one.
  return live.every(isEmpty) && !live.some(isUsable);
}

/** The pages that are not needed: empty ones beyond the one that is kept, and those that have served their time. */
export function surplusPages<Page extends PageView>(pages: readonly Page[], { spare }: PagePlan): Page[] {
  const live = pages.filter((page) => page.live);
  const empty = live.filter(({ roomCount }) => roomCount === 0);
  const usable = empty.filter(({ freeSlots }) => freeSlots > 0);
  const worn = empty.filter(({ freeSlots }) => freeSlots === 0);
  const busyHasRoom = live.some(({ roomCount, freeSlots }) => roomCount > 0 && freeSlots > 0);
  const kept = spare || !busyHasRoom ? 1 : 0;
  return [...(usable.length > 0 || busyHasRoom ? worn : []), ...usable.slice(kept)];
}

/** Calls are packed, so that pages that were opened for a peak become empty again. */
export function pageForCall<Page extends PageView>(pages: readonly Page[]): Page | undefined {
  return pages
    .filter(({ live, freeSlots }) => live && freeSlots > 0)
    .toSorted((a, b) => rank(a) - rank(b) || a.freeSlots - b.freeSlots)[0];
}

/** An empty page is the spare one, even when it has fewer places than another. */
function rank({ roomCount }: PageView): number {
  return roomCount === 0 ? 1 : 0;
}
