import type { Locator, Page } from '@playwright/test';
import { expect, signUp, test } from './test';

/** Goes on by Tab until something has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let i = 0; i < 120; i++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${target}`);
}

test('from the sample to a cancelled job without a mouse', async ({ page }) => {
  test.setTimeout(5 * 60_000);
  await signUp(page);
  await page.keyboard.press('Tab');
  await tabTo(page, page.getByRole('button', { name: 'Use the Sample Dataset' }));
  await page.keyboard.press('Enter');
  const details = page.getByRole('dialog');
  const start = details.getByRole('link', { name: 'Start Training' });
  await expect(start).toBeVisible({ timeout: 60_000 });
  await tabTo(page, details.getByRole('tab', { name: 'Overview' }));
  await page.keyboard.press('ArrowRight');
  await expect(details.getByText('Distribution by Persona & Emotional Arc')).toBeVisible();
  await tabTo(page, start);
  await page.keyboard.press('Enter');

  await expect(page).toHaveURL(/\/training\/configure/);
  await tabTo(page, page.getByRole('radio', { name: /Balanced/ }));
  // A key that is held as long as a finger holds it: the group chooses only while the key is down.
  await page.keyboard.press('ArrowLeft', { delay: 50 });
  await expect(page.getByRole('radio', { name: /Conservative/ })).toBeChecked();
  const launch = page.getByRole('button', { name: 'Start Training' });
  await expect(launch).toBeEnabled();
  await tabTo(page, launch);
  await page.keyboard.press('Enter');
  const confirm = page.getByRole('dialog');
  await tabTo(page, confirm.getByRole('checkbox'));
  await page.keyboard.press('Space');
  await tabTo(page, confirm.getByRole('button', { name: /Confirm/ }));
  await page.keyboard.press('Enter');

  await expect(page.getByRole('heading', { level: 1, name: 'Training Monitor' })).toBeVisible();
  await tabTo(page, page.getByRole('button', { name: 'Cancel Job' }));
  await page.keyboard.press('Enter');
  const cancel = page.getByRole('dialog');
  await tabTo(page, cancel.getByRole('radio').first());
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowDown');
  await tabTo(page, cancel.getByRole('button', { name: 'Confirm Cancellation' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Training Cancelled' })).toBeVisible({ timeout: 60_000 });
});
