import { expect, expectAccessible, expectNoOverflow, SAMPLE, signUp, test, upload } from './test';

test.use({ viewport: { width: 390, height: 844 } });

test('every page fits a phone, and a running job can be cancelled from it', async ({ page }) => {
  test.setTimeout(5 * 60_000);
  await page.goto('/login');
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible();
  await expectNoOverflow(page);
  await expectAccessible(page);
  await page.goto('/signup');
  await expectNoOverflow(page);
  await signUp(page);
  await expectNoOverflow(page);

  await page.getByRole('button', { name: 'Open menu' }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'Models' }).click();
  await expect(page.getByText('No models yet')).toBeVisible();
  await expectNoOverflow(page);
  await page.getByRole('button', { name: /^Notifications/ }).click();
  await expect(page.getByText('All caught up!')).toBeVisible();
  await expectNoOverflow(page);
  await page.keyboard.press('Escape');

  const dialog = await upload(page, SAMPLE);
  await expectNoOverflow(page);
  await dialog.getByRole('link', { name: 'View Details' }).click();
  for (const tab of ['Scaffolding', 'Conversations', 'Metadata', 'Overview']) {
    await page.getByRole('tab', { name: tab }).click();
    await expectNoOverflow(page);
  }
  await expectAccessible(page);
  await page.getByRole('dialog').getByRole('link', { name: 'Start Training' }).click();

  await page.getByRole('button', { name: /Advanced Settings/ }).click();
  await expectNoOverflow(page);
  await page.getByLabel('Learning Rate', { exact: true }).fill('much');
  await expect(page.getByText(/Learning rate must be between/).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Start Training' })).toBeDisabled();
  await page.getByLabel('Learning Rate', { exact: true }).fill('3e-4');
  await expect(page.getByText('Custom Configuration')).toBeVisible();
  await page.locator('[data-preset="aggressive"]').click();
  await expect(page.getByText('Custom Configuration')).toBeHidden();
  await page.getByRole('button', { name: 'Start Training' }).click();
  await expectNoOverflow(page);
  await page.getByRole('dialog').getByRole('checkbox').check();
  await page.getByRole('button', { name: /Confirm/ }).click();

  await expect(page.getByTestId('progress-bar')).toBeVisible();
  await expectNoOverflow(page);
  await page.getByRole('button', { name: 'Cancel Job' }).click();
  await expectNoOverflow(page);
  await page.getByRole('radio', { name: 'Incorrect configuration' }).check();
  await page.getByRole('button', { name: 'Confirm Cancellation' }).click();
  await expect(page.getByRole('heading', { name: 'Training Cancelled' })).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(/Reason: Incorrect configuration\. It cost/)).toBeVisible();
  await expectNoOverflow(page);

  await page.goto('/training/jobs');
  await expectNoOverflow(page);
  await page.getByRole('tab', { name: /Completed/ }).click();
  await expect(page).toHaveURL(/tab=completed/);
  await expect(page.getByRole('link', { name: /Aggressive|bike/i }).first()).toBeVisible();
  await expectNoOverflow(page);
});
