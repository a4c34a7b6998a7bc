import { expect, signUp, test } from './test';

/** Every page of an account, by its address and its heading. */
const PAGES = [
  ['/', 'Dashboard'],
  ['/datasets?search=bike&sortBy=name-asc', 'Datasets'],
  ['/training/jobs?tab=queued', 'Training Jobs'],
  ['/training/compare', 'Compare Runs'],
  ['/models', 'Models'],
  ['/costs?by=week', 'Costs'],
  ['/notifications?unread=true', 'Notifications'],
  ['/settings?tab=billing', 'Settings'],
] as const;

test('every page survives a reload, the way back and the way forth', async ({ page }) => {
  test.setTimeout(2 * 60_000);
  await signUp(page);
  const at = async ([path, title]: (typeof PAGES)[number]) => {
    await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
    const url = new URL(page.url());
    expect(`${url.pathname}${url.search}`).toBe(path);
  };
  for (const known of PAGES) {
    await page.goto(known[0]);
    await at(known);
    await page.reload();
    await at(known);
  }
  for (const known of PAGES.toReversed().slice(1)) {
    await page.goBack();
    await at(known);
  }
  for (const known of PAGES.slice(1)) {
    await page.goForward();
    await at(known);
  }
});

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
