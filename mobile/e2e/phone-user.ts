import { mkdir } from "node:fs/promises";
import { join } from "node:path";
// biome-ignore lint/correctness/noUndeclaredDependencies: of the repository's root, as the running system's
import type { Locator } from "playwright-core";
import type { Visitor } from "../../test/e2e/console-visitor.ts";

const SCREENSHOTS = join(import.meta.dirname, "../screenshots");
export const PHONE = { width: 390, height: 844 };
const TABLET = { width: 820, height: 1180 };

/** Somebody with the app open in a browser, on a screen of a phone's size. Whoever made the visitor closes it. */
export class PhoneUser {
  readonly visitor: Visitor;

  constructor(visitor: Visitor) {
    this.visitor = visitor;
  }

  /** By `testID`. While one screen is replaced by another both may be there: the newer one is meant. */
  at(id: string): Locator {
    return this.visitor.page.getByTestId(id).last();
  }

  status(): Promise<string> {
    return this.at("status").innerText();
  }

  button(name: string): Locator {
    return this.visitor.page.getByRole("button", { name }).last();
  }

  /** What is said in the transcript, by both. */
  transcript(): Promise<string> {
    return this.at("transcript").innerText();
  }

  /** Pictures to be looked at: of a phone and a tablet, light and dark. */
  async picture(name: string): Promise<void> {
    const { page } = this.visitor;
    await mkdir(SCREENSHOTS, { recursive: true });
    for (const [device, size] of Object.entries({ phone: PHONE, tablet: TABLET })) {
      await page.setViewportSize(size);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: join(SCREENSHOTS, `${name}-${device}-${colorScheme}.png`) });
      }
    }
    await page.setViewportSize(PHONE);
    await page.emulateMedia({ colorScheme: null });
  }
}
