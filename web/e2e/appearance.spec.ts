import { expect, expectAccessible, signUp, test } from './test';

test('dark can be chosen, stays, and every page and panel can be read in it', async ({ page }) => {
  test.setTimeout(3 * 60_000);
  const dark = () => page.evaluate(() => document.documentElement.classList.contains('dark'));
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  await page.goto('/login');
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible();
  expect(await dark(), 'as the system').toBe(true);
  await expectAccessible(page);
  await signUp(page);

  const account = page.getByRole('button', { name: /^Account of/ });
  await account.click();
  await expectAccessible(page);
  await page.getByRole('menuitemradio', { name: 'Light' }).click();
  await expect.poll(dark).toBe(false);
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: 'Dashboard' })).toBeVisible();
  expect(await dark(), 'the choice wins over the system').toBe(false);
  await account.click();
  await page.getByRole('menuitemradio', { name: 'As the system' }).click();
  await expect.poll(dark).toBe(true);

  for (const [path, title] of [
    ['/', 'Dashboard'],
    ['/datasets', 'Datasets'],
    ['/training/jobs', 'Training Jobs'],
    ['/training/compare', 'Compare Runs'],
    ['/models', 'Models'],
    ['/costs', 'Costs'],
    ['/notifications', 'Notifications'],
    ['/training/configure', 'No dataset selected'],
    ['/nowhere', 'There is no such page'],
  ] as const) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
    await expect(page.locator('.animate-pulse[aria-hidden]:not(.rounded-full)')).toHaveCount(0);
    await expectAccessible(page);
  }

  await page.goto('/datasets');
  for (const [button, inside] of [
    [/^Notifications/, 'All caught up!'],
    [/^Costs this month/, 'Monthly Costs'],
    [/^Filters/, 'Filter Options'],
  ] as const) {
    await page.getByRole('button', { name: button }).click();
    await expect(page.getByText(inside)).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await expect(page.getByText(inside)).toBeHidden();
  }
});
