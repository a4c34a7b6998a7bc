import { expect, signUp, test } from './test';

test('without an account one is sent to the log-in and back', async ({ page }) => {
  await page.goto('/models?page=1');
  await expect(page).toHaveURL(/\/login\?redirect=/);
  await page.getByLabel('Email').fill('nobody@example.org');
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('alert')).toBeVisible();

  await signUp(page);
  // Whoever is signed in has nothing to do there.
  await page.goto('/login');
  await expect(page).toHaveURL(/\/$/);

  // No token is within a script's reach.
  expect(await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length > 1])).toEqual([
    '',
    0,
    false,
  ]);

  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign Out' }).click();
  await expect(page).toHaveURL(/\/login/);
  await page.goto('/');
  await expect(page).toHaveURL(/\/login/);
});
