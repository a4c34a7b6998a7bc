import { readFile } from 'node:fs/promises';
import { expect, expectAccessible, expectAccessibleInBoth, expectNoOverflow, signUp, test } from './test';

test('costs: nothing yet, then those of a job, kept in the address, exported', async ({ page }) => {
  test.setTimeout(10 * 60_000);
  await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'light' });
  await signUp(page);

  // The way there is the header's panel.
  await page.getByRole('button', { name: /^Costs this month/ }).click();
  await page.getByRole('link', { name: 'View Detailed Report' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Costs' })).toBeVisible();
  await expect(page.getByText('No jobs yet')).toBeVisible();
  await expectAccessible(page);

  await page.goto('/');
  await page.getByRole('button', { name: 'Use the Sample Dataset' }).click();
  const start = page.getByRole('dialog').getByRole('link', { name: 'Start Training' });
  await expect(start).toBeVisible({ timeout: 60_000 });
  await start.click();
  await page.getByLabel('Job Name', { exact: true }).fill('Paid job');
  await page.getByRole('button', { name: 'Start Training' }).click();
  await page.getByRole('dialog').getByRole('checkbox').check();
  await page.getByRole('button', { name: /Confirm/ }).click();
  await expect(page.getByRole('heading', { level: 2, name: 'Paid job' })).toBeVisible();
  await expect(page.locator('.recharts-line-curve').first()).toBeVisible({ timeout: 5 * 60_000 });
  await page.getByRole('button', { name: 'Cancel Job' }).click();
  await page.getByRole('radio', { name: 'No longer needed' }).check();
  await page.getByRole('button', { name: 'Confirm Cancellation' }).click();
  await expect(page.getByRole('heading', { name: 'Training Cancelled' })).toBeVisible({ timeout: 60_000 });

  await page.goto('/costs');
  await expect(page.locator('.recharts-bar-rectangle path').first()).toBeVisible({ timeout: 60_000 });
  await page.getByText('The chart as a table').click();
  const table = page.getByRole('region', { name: 'Costs by day' });
  await expect(table.getByRole('row').nth(1)).toContainText('$');
  await expectAccessibleInBoth(page);

  // What is shown is in the address, and comes back with it.
  await page.getByRole('tab', { name: 'Month' }).click();
  await page.getByRole('combobox', { name: 'Range' }).click();
  await page.getByRole('option', { name: 'This year' }).click();
  await page.getByRole('button', { name: 'Only Paid job in the chart' }).click();
  await expect(page).toHaveURL(/by=month.*range=year.*job=/);
  await page.reload();
  await expect(page.getByRole('tab', { name: 'Month' })).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByText('The chart shows one job only: Paid job')).toBeVisible();

  const [csv] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export CSV' }).click(),
  ]);
  expect(csv.suggestedFilename()).toMatch(/^costs-.*\.csv$/);
  const lines = (await readFile(await csv.path(), 'utf8')).trim().split('\n');
  expect(lines.length).toBeGreaterThan(1);
  expect(lines[1]).toContain('Paid job');

  await page.goto('/costs?range=custom&from=2020-01-01&to=2020-01-31');
  await expect(page.getByText('No costs in this time')).toBeVisible();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/costs');
  await expect(page.locator('.recharts-bar-rectangle path').first()).toBeVisible({ timeout: 60_000 });
  await expectNoOverflow(page);
});
