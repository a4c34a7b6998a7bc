import type { Locator, Page } from '@playwright/test';
import { PASSWORD, SMALL } from './seed';
import { expect, test } from './test';

/** Goes on by Tab until something has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let i = 0; i < 120; i++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${target}`);
}

/** Goes there and presses it. */
async function press(page: Page, target: Locator, key = 'Enter'): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press(key);
}

async function type(page: Page, field: Locator, text: string): Promise<void> {
  await tabTo(page, field);
  await page.keyboard.type(text);
}

test('without a mouse: from signing up over an upload, a cancelled and a completed job to the adapter', async ({
  page,
}) => {
  test.setTimeout(6 * 60_000);
  await page.goto('/signup');
  await type(page, page.getByLabel('Name'), 'Ada Lovelace');
  await type(page, page.getByLabel('Email'), `ada-${Date.now()}@example.org`);
  await type(page, page.getByLabel('Password'), PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Dashboard' })).toBeVisible();

  // The first stop leads past the navigation.
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await press(page, page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'Datasets' }));
  await press(page, page.getByRole('button', { name: 'Create Dataset' }));
  const dialog = page.getByRole('dialog');
  const chooser = page.waitForEvent('filechooser');
  await press(page, dialog.getByLabel('Dataset file'));
  await (await chooser).setFiles(SMALL);
  await press(page, dialog.getByRole('button', { name: 'Upload', exact: true }));
  const details = dialog.getByRole('link', { name: 'View Details' });
  await expect(details).toBeVisible({ timeout: 60_000 });
  await press(page, details);
  const start = page.getByRole('dialog').getByRole('link', { name: 'Start Training' });
  await expect(start).toBeVisible({ timeout: 60_000 });
  await tabTo(page, page.getByRole('tab', { name: 'Overview' }));
  await page.keyboard.press('ArrowRight');
  await expect(page).toHaveURL(/show=scaffolding/);
  await press(page, start);

  await expect(page).toHaveURL(/\/training\/configure/);
  const configure = page.url();
  await tabTo(page, page.getByRole('radio', { name: /Balanced/ }));
  // A key that is held as long as a finger holds it: the group chooses only while the key is down.
  await page.keyboard.press('ArrowRight', { delay: 50 });
  await expect(page.getByRole('radio', { name: /Aggressive/ })).toBeChecked();
  await launch(page);
  await press(page, page.getByRole('button', { name: 'Cancel Job' }));
  const cancel = page.getByRole('dialog');
  await press(page, cancel.getByRole('radio').first(), 'Space');
  await page.keyboard.press('ArrowDown');
  await press(page, cancel.getByRole('button', { name: 'Confirm Cancellation' }));
  await expect(page.getByRole('heading', { name: 'Training Cancelled' })).toBeVisible({ timeout: 60_000 });

  await press(page, page.getByRole('link', { name: 'Configure Anew' }));
  // With the settings of the job that was cancelled.
  await expect(page).toHaveURL((url) => url.href.startsWith(`${configure}&from_job=`));
  await launch(page);
  await expect(page.getByText('Training Complete!').first()).toBeVisible({ timeout: 4 * 60_000 });
  await press(page, page.getByRole('link', { name: 'View LoRA Model' }));
  await expect(page.getByRole('heading', { level: 1, name: 'Model Artifacts' })).toBeVisible();
  const download = page.waitForEvent('download');
  await press(page, page.getByRole('button', { name: /^Download LoRA Adapter/ }));
  expect((await download).suggestedFilename()).toBe('adapter_model.safetensors');

  // What opens takes the focus, keeps it, and gives it back.
  for (const [button, inside] of [
    [page.getByRole('button', { name: /^Notifications/ }), page.getByText('View All Notifications')],
    [page.getByRole('button', { name: /^Account of/ }), page.getByRole('menuitem', { name: 'Sign Out' })],
    [page.getByRole('button', { name: 'Delete Model' }), page.getByPlaceholder('Enter model name')],
  ] as const) {
    await press(page, button);
    await expect(inside).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(inside).toBeHidden();
    await expect(button).toBeFocused();
  }
});

async function launch(page: Page): Promise<void> {
  const start = page.getByRole('button', { name: 'Start Training' });
  await expect(start).toBeEnabled();
  await press(page, start);
  const confirm = page.getByRole('dialog');
  await press(page, confirm.getByRole('checkbox'), 'Space');
  await press(page, confirm.getByRole('button', { name: /Confirm/ }));
  await expect(page.getByRole('heading', { level: 1, name: 'Training Monitor' })).toBeVisible();
}
