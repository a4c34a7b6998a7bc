import { elsewhere } from './own-server';
import { SMALL } from './seed';
import { expect, expectAccessible, expectAccessibleInBoth, expectNoOverflow, signUp, test, upload } from './test';

test('a job shows its examples; its model is archived, deleted and had back; a stranger sees none of it', async ({
  page,
  browser,
  baseURL,
}) => {
  test.setTimeout(10 * 60_000);
  await signUp(page);
  const result = await upload(page, SMALL);
  await result.getByRole('link', { name: 'View Details' }).click();
  await page.getByRole('tab', { name: 'Examples' }).click();
  await expect(page.getByText('Example 1 of 15')).toBeVisible({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Next' }).click();
  await expect(page).toHaveURL(/example=2/);
  await page.reload();
  await expect(page.getByText('Example 2 of 15')).toBeVisible();
  await expectAccessibleInBoth(page);
  const dataset = page.url();
  await page.getByRole('dialog').getByRole('link', { name: 'Start Training' }).click();
  await page.locator('[data-preset="conservative"]').click();
  await expect(page.getByText('Ready to Launch')).toBeVisible();
  const configurator = page.url();
  await page.getByRole('button', { name: 'Start Training' }).click();
  await page.getByRole('dialog').getByRole('checkbox').check();
  await page.getByRole('button', { name: /Confirm/ }).click();
  await expect(page.getByText('Training Complete!').first()).toBeVisible({ timeout: 8 * 60_000 });
  const job = page.url();
  await page.getByRole('button', { name: 'Show Examples' }).click();
  await expect(page.getByText('Example 1 of 15')).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole('region', { name: "The example's text" })).toContainText('Trained: ');
  await expectAccessibleInBoth(page);

  await page.getByRole('link', { name: 'View LoRA Model' }).click();
  await expect(page.getByRole('heading', { name: 'Model Actions' })).toBeVisible();
  const model = page.url();
  const stranger = await elsewhere(browser, baseURL ?? '');
  await signUp(stranger);
  for (const [address, title] of [
    [dataset, 'There is no such dataset'],
    [job, 'There is no such job'],
    [model, 'There is no such model'],
    [configurator, /no such dataset|could not be loaded|No dataset/i],
  ] as const) {
    await stranger.goto(address);
    await expect(stranger.getByText(title).first()).toBeVisible();
  }
  for (const [path, empty] of [
    ['/datasets', 'No datasets found'],
    ['/datasets?deleted=true', 'No datasets found'],
    ['/training/jobs?tab=completed', /No completed/],
    ['/models', 'No models yet'],
    ['/models?show=deleted', 'No deleted models'],
  ] as const) {
    await stranger.goto(path);
    await expect(stranger.getByText(empty).first()).toBeVisible();
  }
  await stranger.context().close();

  await page.getByRole('button', { name: 'Archive Model' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText(/can be restored at any time/)).toBeVisible();
  await expectAccessibleInBoth(page);
  await dialog.getByRole('button', { name: 'Archive Model' }).click();
  await page.getByRole('button', { name: 'Restore Model' }).click();
  await page.getByRole('button', { name: 'Delete Model' }).click();
  await expect(dialog.getByRole('button', { name: 'Delete Model' })).toBeDisabled();
  const name = (await dialog.locator('code').textContent()) ?? '';
  await dialog.getByPlaceholder('Enter model name').fill(name);
  await expectAccessibleInBoth(page);
  await dialog.getByRole('button', { name: 'Delete Model' }).click();
  await expect(page.getByText('No models yet')).toBeVisible();
  await page.getByRole('combobox', { name: 'Models shown' }).click();
  await page.getByRole('option', { name: 'Deleted Models' }).click();
  await expect(page).toHaveURL(/show=deleted/);
  await page.reload();
  const card = page.getByRole('article', { name });
  await expect(card.getByText(/\d\d days left/)).toBeVisible();
  await expectAccessibleInBoth(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoOverflow(page);
  await card.getByRole('button', { name: /^Restore Model/ }).click();
  await expect(page.getByText('No deleted models')).toBeVisible();
  await page.goto(model);
  await expect(page.getByRole('heading', { level: 2, name })).toBeVisible();
  await expectAccessible(page);
});
