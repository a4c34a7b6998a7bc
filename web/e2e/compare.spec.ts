import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectAccessibleInBoth, expectNoOverflow, signUp, test } from './test';

/** Trains on the sample data set with a preset until there is a curve, and stops then. */
async function shortRun(page: Page, name: string, preset: string): Promise<void> {
  await page.locator(`[data-preset="${preset}"]`).click();
  await page.getByLabel('Job Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Start Training' }).click();
  await page.getByRole('dialog').getByRole('checkbox').check();
  await page.getByRole('button', { name: /Confirm/ }).click();
  await expect(page.getByRole('heading', { level: 2, name })).toBeVisible();
  await expect(page.locator('.recharts-line-curve').first()).toBeVisible({ timeout: 5 * 60_000 });
  await page.getByRole('button', { name: 'Cancel Job' }).click();
  await page.getByRole('radio', { name: 'No longer needed' }).check();
  await page.getByRole('button', { name: 'Confirm Cancellation' }).click();
  await expect(page.getByRole('heading', { name: 'Training Cancelled' })).toBeVisible({ timeout: 60_000 });
}

test('two runs are marked in the list and compared', async ({ page }) => {
  test.setTimeout(12 * 60_000);
  await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'light' });
  await signUp(page);
  await page.goto('/training/compare');
  await expect(page.getByText('No jobs chosen')).toBeVisible();
  await expectAccessible(page);

  await page.goto('/');
  await page.getByRole('button', { name: 'Use the Sample Dataset' }).click();
  const start = page.getByRole('dialog').getByRole('link', { name: 'Start Training' });
  await expect(start).toBeVisible({ timeout: 60_000 });
  await start.click();
  const configure = page.url();
  await shortRun(page, 'Careful run', 'conservative');
  await page.goto(configure);
  await shortRun(page, 'Bold run', 'aggressive');

  await page.goto('/training/jobs?tab=completed');
  await page.getByRole('checkbox', { name: 'Compare Careful run' }).check();
  await expect(page.getByText('1 job marked; mark one more to compare')).toBeVisible();
  await page.getByRole('checkbox', { name: 'Compare Bold run' }).check();
  await expectAccessible(page);
  await page.reload();
  await page.getByRole('link', { name: 'Compare', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Compare Runs' })).toBeVisible();

  await expect(page.locator('.recharts-line-curve').nth(1)).toBeVisible({ timeout: 30_000 });
  const settings = page.getByRole('region', { name: 'Settings that differ' });
  await expect(settings.getByRole('row', { name: /^Preset/ })).toContainText('aggressive');
  await expect(
    page.getByRole('region', { name: 'Figures of each run' }).getByRole('row', { name: /^Cost/ }),
  ).toContainText('$');
  await page.getByText('The curves as a table').click();
  await expect(page.getByRole('region', { name: 'Losses by step' }).getByRole('row').nth(1)).toBeVisible();
  await expectAccessibleInBoth(page);

  // How they are looked at is in the address.
  await page.getByLabel('Log axis').check();
  await page.getByRole('combobox', { name: 'Losses shown' }).click();
  await page.getByRole('option', { name: 'Training loss' }).click();
  await expect(page).toHaveURL(/jobs=.*losses=training.*log=true|jobs=.*log=true.*losses=training/);
  await page.reload();
  await expect(page.getByLabel('Log axis')).toBeChecked();
  await expect(page.locator('.recharts-line-curve')).toHaveCount(2);
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoOverflow(page);

  await page.getByRole('button', { name: 'Leave out Bold run' }).click();
  await expect(page.getByText('Only one job chosen')).toBeVisible();
});
