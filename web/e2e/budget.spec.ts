import { enter, newAddress, test } from './own-server';
import { expect, expectAccessibleInBoth } from './test';

test('a launch that could pass the budget is refused, with the figures', async ({ page, baseURL }) => {
  test.setTimeout(3 * 60_000);
  await page.goto('/signup');
  await enter(page, 'Grace Hopper', newAddress('grace'));
  await page.getByRole('button', { name: 'Use the Sample Dataset' }).click();
  const start = page.getByRole('dialog').getByRole('link', { name: 'Start Training' });
  await expect(start).toBeVisible({ timeout: 60_000 });
  await start.click();
  await expect(page.getByText('Ready to Launch')).toBeVisible();
  await page.getByRole('button', { name: 'Start Training' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('checkbox').check();

  // Meanwhile the machine becomes dear and the budget small, by another of the account's programs.
  const headers = { origin: baseURL ?? '' };
  const rate = await page.request.patch('/api/admin/instances/local-cpu', { headers, data: { ratePerHour: 5000 } });
  expect(rate.ok()).toBe(true);
  const budget = await page.request.patch('/api/settings', { headers, data: { monthlyBudget: 1.5 } });
  expect(budget.ok()).toBe(true);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/api/jobs') && response.request().method() === 'POST'),
    dialog.getByRole('button', { name: /Confirm/ }).click(),
  ]);
  expect(answer.status()).toBe(402);
  const refusal = dialog.getByRole('alert');
  await expect(refusal).toContainText(
    /may cost up to \$[\d.]+, but only \$1\.50 of the monthly budget of \$1\.50 is left/,
  );
  await expect(refusal).toContainText('$0.00 spent');
  await expectAccessibleInBoth(page);

  // Nothing was launched, and the page says before the next try what is in the way.
  await dialog.getByRole('button', { name: 'Go Back' }).click();
  await page.goto('/training/jobs');
  await expect(page.getByText('No active training jobs')).toBeVisible();
});
