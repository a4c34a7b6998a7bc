import type { Browser } from '@playwright/test';
import { PASSWORD } from './seed';
import { expect, expectAccessible, signUp, test } from './test';

test('name, password, sessions and API keys can be changed', async ({ page, browser }) => {
  test.setTimeout(2 * 60_000);
  await signUp(page);
  await page.getByRole('button', { name: /^Account of/ }).click();
  const email = (await page.getByText(/^ada-.*@example\.org$/).textContent()) ?? '';
  await page.getByRole('menuitem', { name: 'Profile' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  await page.getByLabel('Name').fill('Grace Hopper');
  await page.getByLabel('Organization').fill('Navy');
  await page.getByRole('button', { name: 'Save Changes' }).click();
  await expect(page.getByRole('button', { name: 'Account of Grace Hopper' })).toBeVisible();
  // A message is passed by Tab as anything else is.
  const [last, message] = [page.getByRole('button', { name: 'Delete Account' }), page.getByText('Profile Saved')];
  await expect(message).toBeVisible();
  await last.focus();
  await page.keyboard.press('Tab');
  const row = page.getByRole('listitem').filter({ has: message });
  await expect(row).toBeFocused();
  // Over the end of the page to its beginning.
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.reload();
  await expect(page.getByLabel('Organization')).toHaveValue('Navy');

  await page.getByRole('tab', { name: 'Security' }).click();
  await expect(page).toHaveURL(/tab=security/);
  const elsewhere = await logInElsewhere(browser, page.url(), email);
  await page.reload();
  await page.getByRole('button', { name: /^End session/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End Session' }).click();
  await expect(page.getByRole('button', { name: /^End session/ })).toHaveCount(0);
  await elsewhere.reload();
  await expect(elsewhere).toHaveURL(/\/login/);
  await elsewhere.context().close();

  await page.getByLabel('Current password').fill('not the password');
  await page.getByLabel('New password', { exact: true }).fill('nine quiet grey herons');
  await page.getByLabel('New password again').fill('nine quiet grey herons');
  await page.getByRole('button', { name: 'Change Password' }).click();
  await expect(page.getByText('The password is wrong.')).toBeVisible();
  await page.getByLabel('Current password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Change Password' }).click();
  await expect(page.getByText('Password Changed')).toBeVisible();
  await expect(page.getByLabel('Current password')).toHaveValue('');

  await page.getByRole('tab', { name: 'API Keys' }).click();
  await expect(page.getByText('No API keys')).toBeVisible();
  await page.getByRole('button', { name: 'Create API Key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('nightly backup');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Create Key' }).click();
  const key = await dialog.getByLabel('API key').inputValue();
  expect(key).toMatch(/^br_/);
  await expectAccessible(page);
  const asKey = () => fetch(new URL('/api/auth/me', page.url()), { headers: { authorization: `Bearer ${key}` } });
  expect((await asKey()).status).toBe(200);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText(key)).toHaveCount(0);
  await page.getByRole('button', { name: 'Revoke nightly backup' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke Key' }).click();
  await expect(page.getByText('No API keys')).toBeVisible();
  expect((await asKey()).status).toBe(401);
});

test('preferences, budget and webhooks are kept', async ({ page }) => {
  await signUp(page);
  await page.goto('/settings?tab=notifications');
  const started = page.getByRole('switch', { name: 'Training Started in the app' });
  await expect(started).toBeVisible();
  const before = await started.isChecked();
  await started.click();
  await page.getByRole('button', { name: 'Save Preferences' }).click();
  await expect(page.getByText('Preferences Saved')).toBeVisible();
  await page.reload();
  await expect(started).toBeChecked({ checked: !before });

  await page.getByRole('tab', { name: 'Billing' }).click();
  await page.getByLabel(/^Monthly Budget Limit/).fill('12.50');
  await page.getByRole('button', { name: 'Save Settings' }).click();
  await expect(page.getByText('In force: $12.50.')).toBeVisible();

  await page.getByRole('tab', { name: 'Webhooks' }).click();
  await page.getByRole('button', { name: 'Create Webhook' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Address').fill('http://example.org/hook');
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await expectAccessible(page);
});

test('an account is deleted by typing its address, and can be kept', async ({ page }) => {
  await signUp(page);
  await page.goto('/settings');
  const email = (await page.getByText(/^ada-.*@example\.org$/).textContent()) ?? '';
  await page.getByRole('button', { name: 'Delete Account' }).click();
  const dialog = page.getByRole('dialog');
  const confirm = dialog.getByRole('button', { name: 'Delete Account' });
  await expect(confirm).toBeDisabled();
  await dialog.getByLabel(/^Type/).fill(email);
  await dialog.getByLabel('Password').fill(PASSWORD);
  await expectAccessible(page);
  await confirm.click();
  await expect(page).toHaveURL(/\/login/);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Dashboard' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Keep it' }).click();
  await page.getByRole('button', { name: 'Keep My Account' }).click();
  await expect(page.getByText('Your account stays')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Keep it' })).toHaveCount(0);
});

/** The same account in another browser. */
async function logInElsewhere(browser: Browser, url: string, email: string) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(new URL('/login', url).href);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Dashboard' })).toBeVisible();
  return page;
}
