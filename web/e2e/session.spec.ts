import { randomBytes } from 'node:crypto';
import { expect, signUp, test } from './test';

const PASSWORD = 'a long enough passphrase';

test('two accounts do not see each other; a session that ended elsewhere leads to the log-in and back', async ({
  page,
  browser,
  baseURL,
}) => {
  test.setTimeout(3 * 60_000);
  const email = `eve-${randomBytes(6).toString('hex')}@example.org`;
  await page.goto('/signup');
  await page.getByLabel('Name').fill('Eve Adams');
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.getByRole('button', { name: 'Use the Sample Dataset' }).click();
  await expect(page.getByRole('dialog', { name: 'Bike workshop (sample)' })).toBeVisible();
  await page.getByRole('tab', { name: 'Metadata' }).click();
  await expect(page).toHaveURL(/show=metadata/);
  const hers = page.url();

  const other = await browser.newContext({ ...(baseURL && { baseURL }) });
  const stranger = await other.newPage();
  await signUp(stranger);
  await stranger.goto(hers);
  await expect(stranger.getByText('There is no such dataset')).toBeVisible();
  await stranger.goto('/datasets');
  await expect(stranger.getByText('No datasets found')).toBeVisible();
  await other.close();

  // What is looked at is in the address: it survives a reload, the way back and the way forth.
  await page.reload();
  await expect(page.getByText('Dataset Metadata (JSON)')).toBeVisible();
  await page.getByRole('button', { name: 'Close' }).first().click();
  await expect(page).not.toHaveURL(/show=/);
  await page.goBack();
  await expect(page.getByText('Dataset Metadata (JSON)')).toBeVisible();
  await page.goForward();
  await expect(page.getByRole('article', { name: 'Bike workshop (sample)' })).toBeVisible();

  // The other tab signs out.
  const tab = await page.context().newPage();
  await tab.goto('/');
  await tab.getByRole('button', { name: /^Account of/ }).click();
  await tab.getByRole('menuitem', { name: 'Sign Out' }).click();
  await expect(tab.getByRole('button', { name: 'Log in' })).toBeVisible();
  await tab.close();
  await page.getByRole('link', { name: 'Models' }).click();
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible();
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Models' })).toBeVisible();
});
