import { expect, expectAccessibleInBoth, expectNoOverflow, signUp, test } from './test';

test('notifications: empty, told of a dataset, read, filtered and dismissed', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'light' });
  await signUp(page);
  await page.getByRole('button', { name: 'Use the Sample Dataset' }).click();
  await expect(page.getByRole('dialog').getByRole('link', { name: 'Start Training' })).toBeVisible({ timeout: 60_000 });
  await page.keyboard.press('Escape');

  const bell = page.getByRole('button', { name: /^Notifications/ });
  await expect(bell).toHaveAccessibleName(/[1-9]\d* unread/);
  await bell.click();
  await page.getByRole('link', { name: 'View All Notifications' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Notifications' })).toBeVisible();
  const items = page.getByRole('list', { name: 'Notifications' }).getByRole('listitem');
  await expect(items.first()).toBeVisible();
  await expectAccessibleInBoth(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoOverflow(page);

  await page.getByRole('button', { name: 'Mark all read' }).click();
  await expect(page.getByText('All caught up!')).toBeVisible();
  await page.getByRole('button', { name: /^Unread/ }).click();
  await expect(page).toHaveURL(/unread=true/);
  await page.reload();
  await expect(page.getByText('Nothing unread')).toBeVisible();
  await page.getByRole('button', { name: 'All', exact: true }).click();
  const before = await items.count();
  await page
    .getByRole('button', { name: /^Dismiss/ })
    .first()
    .click();
  if (before > 1) await expect(items).toHaveCount(before - 1);
  else await expect(page.getByText('No notifications yet')).toBeVisible();
});
