import { account, putDataset, SMALL } from './seed';
import { startServer } from './server';
import { expect, test, violations } from './test';

/** On each page, what asks the server for something that has not been asked for before. */
const ASKING = [
  ['/datasets', 'Search datasets', 'bike', 'Datasets'],
  ['/training/jobs', 'Queued', undefined, 'Training Jobs'],
  ['/models', 'Models shown', 'Deleted Models', 'Models'],
  ['/costs', 'Range', 'This year', 'Costs'],
  ['/notifications', /^Unread/, undefined, 'Notifications'],
] as const;

test('the server stops: the lists say so in place of what they cannot load, and load it when asked again', async ({
  browser,
}) => {
  test.setTimeout(4 * 60_000);
  let server = await startServer();
  const context = await browser.newContext({ baseURL: server.url, reducedMotion: 'reduce' });
  try {
    const ada = await account(context, server.url);
    await putDataset(ada, 'Small talks', SMALL);
    const pages = [];
    for (const asking of ASKING) {
      const page = await context.newPage();
      await page.goto(asking[0]);
      await expect(page.getByRole('heading', { level: 1, name: asking[3] })).toBeVisible();
      await page.waitForLoadState('networkidle');
      pages.push({ page, asking });
    }
    const again = await server.interrupt();
    for (const { page, asking } of pages) {
      const [, control, choice] = asking;
      if (control === 'Search datasets') await page.getByLabel(control).fill(choice ?? '');
      else if (choice) {
        await page.getByRole('combobox', { name: control }).click();
        await page.getByRole('option', { name: choice }).click();
      } else
        await page
          .getByRole('tab', { name: control })
          .or(page.getByRole('button', { name: control }))
          .click();
      const alert = page.getByRole('main').getByRole('alert').first();
      await expect(alert.getByText(/server cannot be reached/), asking[0]).toBeVisible({ timeout: 60_000 });
      await expect(page.getByRole('banner').getByText('Reconnecting...')).toBeVisible({ timeout: 60_000 });
      expect(await violations(page), asking[0]).toEqual([]);
    }
    server = await again();
    for (const { page, asking } of pages) {
      const alert = page.getByRole('main').getByRole('alert');
      // The page may have asked again by itself when the connection came back.
      const button = alert.getByRole('button', { name: 'Try again' });
      await expect(async () => {
        if (await button.first().isVisible()) await button.first().click({ timeout: 2000 });
        await expect(alert, asking[0]).toHaveCount(0, { timeout: 1000 });
      }).toPass({ timeout: 60_000 });
      await page.close();
    }
  } finally {
    await context.close();
    await server.stop();
  }
});
