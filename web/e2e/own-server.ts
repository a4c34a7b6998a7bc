import { randomBytes } from 'node:crypto';
import type { Browser, Page } from '@playwright/test';
import { type MailServer, startMail } from './mail';
import { PASSWORD } from './seed';
import { type Server, startServerAt } from './server';
import { test as base, expect } from './test';

export { PASSWORD };

interface Own {
  server: Server;
  mail: MailServer;
}

/** Tests that have a program of their own, which sends mail: the first account that they make is its administrator. */
export const test = base.extend<{ own: Own }>({
  own: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures' names from the pattern
    async ({}, use) => {
      const mail = await startMail();
      const server = await startServerAt((url) => ({
        APP_URL: url,
        SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
        SMTP_FROM: 'BrightRun <mail@example.org>',
      }));
      await use({ server, mail });
      await server.stop();
      await mail.stop();
    },
    { timeout: 90_000 },
  ],
  baseURL: async ({ own }, use) => use(own.server.url),
});

export const newAddress = (name: string) => `${name}-${randomBytes(6).toString('hex')}@example.org`;

/** Fills in what the signing-up form asks for, and ends on the dashboard. */
export async function enter(page: Page, name: string, email: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign up' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Dashboard' })).toBeVisible();
}

/** Somebody else's browser. */
export async function elsewhere(browser: Browser, baseURL: string): Promise<Page> {
  const context = await browser.newContext({ baseURL, reducedMotion: 'reduce' });
  return context.newPage();
}
