import { expect, signUp, test } from './test';

test('a session that is ended elsewhere ends here by itself', async ({ page, browser, baseURL }) => {
  test.setTimeout(2 * 60_000);
  await signUp(page);
  const email = (await (await page.request.get('/api/auth/me')).json()).data.user.email;
  const elsewhere = await browser.newContext({ ...(baseURL && { baseURL }) });
  const other = await elsewhere.newPage();
  await other.goto('/login?redirect=%2Fsettings%3Ftab%3Dsecurity');
  await other.getByLabel('Email').fill(email);
  await other.getByLabel('Password').fill('a long enough passphrase');
  await other.getByRole('button', { name: 'Log in' }).click();
  await page.goto('/models');
  await other.getByRole('button', { name: /other sessions|others/i }).click();
  await other.getByRole('dialog').getByRole('button', { name: 'End Sessions' }).click();
  await expect(other.getByText('Other Sessions Ended')).toBeVisible();
  await elsewhere.close();
  // Nothing is pressed here: the streams are over, and what is asked then is refused.
  await expect(page).toHaveURL(/\/login\?redirect=%2Fmodels/, { timeout: 60_000 });
});
