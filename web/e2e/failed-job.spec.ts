import { readFile, writeFile } from 'node:fs/promises';
import { account, putDataset, SMALL, storedFile } from './seed';
import { expect, expectAccessibleInBoth, expectNoOverflow, test } from './test';

test('a job that fails says what happened and what to change, and a retry goes through', async ({ page, server }) => {
  test.setTimeout(6 * 60_000);
  const ada = await account(page.context(), server.url);
  const dataset = await putDataset(ada, 'Small talks', SMALL);
  // What is stored is no longer what was checked.
  const stored = await storedFile(server.data, dataset);
  const content = await readFile(stored);
  await writeFile(stored, Buffer.from(content.toString().replace(/[aeiou]/g, 'x')));

  await page.goto(`/training/configure?dataset_id=${dataset}`);
  await page.locator('[data-preset="conservative"]').click();
  await page.getByLabel('Job Name', { exact: true }).fill('Unlucky job');
  await page.getByRole('button', { name: 'Start Training' }).click();
  await page.getByRole('dialog').getByRole('checkbox').check();
  await page.getByRole('button', { name: /Confirm/ }).click();

  const panel = page.getByRole('alert').filter({ hasText: 'Training Failed' });
  await expect(panel).toBeVisible({ timeout: 2 * 60_000 });
  await expect(panel.getByText('dataset_changed', { exact: true })).toBeVisible();
  await expect(panel.getByRole('heading', { name: 'What to Change' })).toBeVisible();
  await expect(panel.getByRole('listitem').filter({ hasText: /^Upload the file again/ })).toBeVisible();
  // Nothing goes on: no active stage, no remaining time, nothing to cancel.
  await expect(page.getByRole('button', { name: 'Cancel Job' })).toHaveCount(0);
  await expect(page.locator('main .animate-spin')).toHaveCount(0);
  await expectAccessibleInBoth(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoOverflow(page);
  await page.setViewportSize({ width: 1440, height: 900 });

  // It is told of, and listed among those that ended.
  await page.getByRole('button', { name: /^Notifications, [1-9]/ }).click();
  await expect(
    page
      .getByRole('dialog', { name: 'Notifications' })
      .getByText(/failed/i)
      .first(),
  ).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: 'Training Jobs' }).click();
  await page.getByRole('tab', { name: /Completed/ }).click();
  await page.getByRole('link', { name: 'Unlucky job' }).click();

  await writeFile(stored, content);
  await panel.getByRole('button', { name: 'Retry' }).click();
  await expect(page.getByText('Training Complete!').first()).toBeVisible({ timeout: 4 * 60_000 });
  await expect(panel).toHaveCount(0);
});
