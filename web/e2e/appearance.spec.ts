import { expect, expectAccessible, signUp, test } from './test';

test('dark can be chosen, stays, and wins over the system', async ({ page }) => {
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
});
