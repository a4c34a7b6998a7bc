import { randomBytes } from 'node:crypto';
import { test as base, expect, type Page } from '@playwright/test';
import axe from 'axe-core';
import { SAMPLE } from './seed';
import { type Server, startServer } from './server';

export { expect, SAMPLE };

declare global {
  interface Window {
    axe: typeof axe;
  }
}

/** Tests against one running program. A test fails when the page reports an error to the console. */
export const test = base.extend<{ quiet: undefined }, { server: Server }>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures' names from the pattern
    async ({}, use) => {
      const server = await startServer();
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 90_000 },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  quiet: [
    async ({ page }, use) => {
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      page.on('console', (message) => {
        // The browser itself reports each answer that is not a success; those are the tests' to judge.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
          errors.push(message.text());
        }
      });
      await use(undefined);
      expect(errors, 'the console').toEqual([]);
    },
    { auto: true },
  ],
});

/** Makes an account through the page and ends on the dashboard. `base` is the path that the server lies below. */
export async function signUp(page: Page, base = ''): Promise<void> {
  await page.goto(`${base}/signup`);
  await page.getByLabel('Name').fill('Ada Lovelace');
  await page.getByLabel('Email').fill(`ada-${randomBytes(6).toString('hex')}@example.org`);
  await page.getByLabel('Password').fill('a long enough passphrase');
  await page.getByRole('button', { name: 'Sign up' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Dashboard' })).toBeVisible();
}

/** Uploads a file through the page and waits for what validation says. */
export async function upload(
  page: Page,
  file: Parameters<ReturnType<Page['getByLabel']>['setInputFiles']>[0],
  base = '',
) {
  await page.goto(`${base}/datasets`);
  await page.getByRole('button', { name: 'Create Dataset' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Dataset file').setInputFiles(file);
  await dialog.getByRole('button', { name: 'Upload', exact: true }).click();
  await expect(dialog.getByRole('button', { name: 'Close' }).first()).toBeVisible();
  await expect(dialog.getByText('Reading and checking the file...')).toBeHidden({ timeout: 60_000 });
  return dialog;
}

/** Nothing sticks out at the right, neither of the page nor of its scrolling part. */
export async function expectNoOverflow(page: Page): Promise<void> {
  const overflow = () =>
    page.evaluate(() =>
      Math.max(
        ...['html', 'main']
          .map((selector) => document.querySelector(selector))
          .filter((element) => element !== null)
          .map((element) => element.scrollWidth - element.clientWidth),
      ),
    );
  // A chart takes its new width a moment after the window has its own.
  await expect.poll(overflow, { message: `overflow of ${page.url()}` }).toBeLessThanOrEqual(0);
}

/** What is wrong by WCAG 2.1 A and AA, as far as a program can tell; by some rules only where they are named. */
export async function violations(page: Page, rules?: string[]): Promise<string[]> {
  // What fades in has its colours when it is there. What goes round for ever does not end.
  await page.evaluate(async () => {
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    await Promise.all(
      document
        .getAnimations()
        .filter((animation) => animation.effect?.getTiming().iterations !== Number.POSITIVE_INFINITY)
        .map((animation) => animation.finished.catch(() => null)),
    );
  });
  // Not through Playwright's own bridge, which takes four times as long; nor through the page, whose policy forbids scripts of others.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  return page.evaluate(async (only) => {
    const { violations } = await window.axe.run(document, { runOnly: only, resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
  }, rules ?? ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']);
}

export async function expectAccessible(page: Page): Promise<void> {
  expect(await violations(page), page.url()).toEqual([]);
}

/** Has the page look light or dark, as the system says. */
export async function turn(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ reducedMotion: 'reduce', colorScheme });
  await page.waitForFunction(
    (dark) => document.documentElement.classList.contains('dark') === dark,
    colorScheme === 'dark',
  );
}

/** The same in light and in dark. */
export async function expectAccessibleInBoth(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await turn(page, colorScheme);
    await expectAccessible(page);
  }
  await turn(page, 'light');
}
