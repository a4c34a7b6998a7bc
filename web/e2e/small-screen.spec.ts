import { readFile } from 'node:fs/promises';
import { SMALL } from './seed';
import { expect, expectAccessible, expectNoOverflow, signUp, test, upload } from './test';

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

test('on a phone: from the first visit to the downloaded adapter', async ({ page }) => {
  test.setTimeout(6 * 60_000);
  await page.goto('/login');
  await page.getByRole('link', { name: /sign up/i }).tap();
  await signUp(page);
  await expectNoOverflow(page);

  await page.getByRole('button', { name: 'Open menu' }).tap();
  await page.getByRole('dialog').getByRole('link', { name: 'Models' }).tap();
  await expect(page.getByText('No models yet')).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);

  const dialog = await upload(page, SMALL);
  await expectNoOverflow(page);
  await dialog.getByRole('link', { name: 'View Details' }).tap();
  for (const tab of ['Scaffolding', 'Conversations', 'Metadata', 'Overview']) {
    await page.getByRole('tab', { name: tab }).tap();
    await expectNoOverflow(page);
  }
  await expectAccessible(page);
  await page.getByRole('dialog').getByRole('link', { name: 'Start Training' }).tap();

  await page.getByRole('button', { name: /Advanced Settings/ }).tap();
  await expectNoOverflow(page);
  await page.getByLabel('Learning Rate', { exact: true }).fill('much');
  await expect(page.getByText(/Learning rate must be between/).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Start Training' })).toBeDisabled();
  await page.getByLabel('Learning Rate', { exact: true }).fill('3e-4');
  await expect(page.getByText('Custom Configuration')).toBeVisible();
  await page.locator('[data-preset="conservative"]').tap();
  await expect(page.getByText('Custom Configuration')).toBeHidden();
  await page.getByRole('button', { name: 'Start Training' }).tap();
  await expectNoOverflow(page);
  await page.getByRole('dialog').getByRole('checkbox').tap();
  await page.getByRole('button', { name: /Confirm/ }).tap();

  await expect(page.getByTestId('progress-bar')).toBeVisible();
  await expectNoOverflow(page);
  await expect(page.getByText('Training Complete!').first()).toBeVisible({ timeout: 4 * 60_000 });
  await expectNoOverflow(page);
  await page.getByRole('link', { name: 'View LoRA Model' }).tap();
  await expect(page.getByRole('heading', { level: 1, name: 'Model Artifacts' })).toBeVisible();
  await expectNoOverflow(page);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: /^Download LoRA Adapter/ }).tap(),
  ]);
  expect(download.suggestedFilename()).toBe('adapter_model.safetensors');
  expect((await readFile(await download.path())).length).toBeGreaterThan(10_000);
  await expect(page.getByText(/Download complete! .*checksum verified/)).toBeVisible();

  await page.getByRole('button', { name: /^Notifications, [1-9]/ }).tap();
  await expect(page.getByText('View All Notifications')).toBeVisible();
  await expectNoOverflow(page);
});
