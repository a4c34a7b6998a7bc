import { elsewhere, enter, newAddress, test } from './own-server';
import { PASSWORD } from './seed';
import { expect, expectAccessible, expectAccessibleInBoth } from './test';

test('links that come by mail confirm an address and choose a new password, once each', async ({
  page,
  browser,
  own,
}) => {
  test.setTimeout(2 * 60_000);
  const email = newAddress('ada');
  await page.goto('/signup');
  await enter(page, 'Ada Lovelace', email);
  await page.goto('/settings');
  await expect(page.getByText('Not confirmed')).toBeVisible();
  await page.getByRole('button', { name: 'Send Confirmation Link' }).click();
  const confirm = await own.mail.link(email, 'verify-email');
  await page.goto(confirm);
  await expect(page.getByText('Confirm your e-mail address')).toBeVisible();
  await expectAccessibleInBoth(page);
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await expect(page.getByText('Your address is confirmed')).toBeVisible();
  await expectAccessible(page);
  await page.goto('/settings');
  await expect(page.getByText('Confirmed', { exact: true })).toBeVisible();
  await page.goto(confirm);
  await page.reload();
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await expect(page.getByRole('alert'), 'it works once').toBeVisible();

  // A forgotten password, in another browser.
  const other = await elsewhere(browser, own.server.url);
  await other.goto('/login');
  await other.getByRole('link', { name: /forg/i }).click();
  await other.getByLabel('Email').fill(email);
  await other.getByRole('main').getByRole('button').first().click();
  const reset = await own.mail.link(email, 'reset-password');
  await other.goto(reset);
  const fresh = 'nine quiet grey herons';
  await other.getByLabel('New password', { exact: true }).fill(fresh);
  await other.getByLabel('The same again').fill('something else entirely');
  await other.getByRole('button', { name: 'Change the password' }).click();
  await expect(other.getByText('The two are not the same.')).toBeVisible();
  await expectAccessibleInBoth(other);
  await other.getByLabel('The same again').fill(fresh);
  await other.getByRole('button', { name: 'Change the password' }).click();
  await expect(other.getByText('Your password is changed')).toBeVisible();

  // All sessions are over, the old password is, and so is the link.
  await page.goto('/datasets');
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible();
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await page.getByLabel('Password').fill(fresh);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Datasets' })).toBeVisible();
  await other.goto('/login');
  await other.goto(reset);
  await other.getByLabel('New password', { exact: true }).fill('another long passphrase');
  await other.getByLabel('The same again').fill('another long passphrase');
  await other.getByRole('button', { name: 'Change the password' }).click();
  await expect(other.getByRole('alert')).toBeVisible();
  await other.context().close();

  // A link that a mail program cut off.
  await page.goto('/reset-password');
  await expect(page.getByText('This link is not complete')).toBeVisible();
});
