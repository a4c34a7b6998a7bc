import { readFile } from 'node:fs/promises';
import { startServer } from './server';
import { expect, expectAccessible, expectNoOverflow, SAMPLE, signUp, test, upload } from './test';

test('a running job: the curve, the log, a broken connection; kept settings', async ({ page }) => {
  test.setTimeout(10 * 60_000);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await signUp(page);
  const result = await upload(page, SAMPLE);
  await result.getByRole('link', { name: 'Start Training' }).click();

  // Settings are kept under a name, and come back.
  await page.locator('[data-preset="aggressive"]').click();
  await page.getByRole('button', { name: 'Save Configuration' }).click();
  const kept = page.getByRole('dialog', { name: 'Saved configurations' });
  await kept.getByLabel('Name', { exact: true }).fill('fast');
  await kept.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(kept.getByRole('button', { name: /^fast/ })).toBeVisible();
  await expectAccessible(page);
  // A name is taken once, and can be changed.
  await kept.getByLabel('Name', { exact: true }).fill('fast');
  await kept.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(
    kept
      .getByRole('alert')
      .or(kept.getByText(/already|another/i))
      .first(),
  ).toBeVisible();
  await kept.getByLabel('Name', { exact: true }).fill('other');
  await kept.getByRole('button', { name: 'Save', exact: true }).click();
  await kept.getByRole('button', { name: 'Rename other' }).click();
  await kept.getByLabel('New name of other').fill('spare');
  await kept.getByRole('button', { name: 'Rename', exact: true }).click();
  await kept.getByRole('button', { name: 'Delete spare' }).click();
  await expect(kept.getByRole('button', { name: /spare/ })).toHaveCount(0);
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await page.locator('[data-preset="conservative"]').click();
  await page.reload();
  await page.getByRole('button', { name: 'Save Configuration' }).click();
  await kept.getByRole('button', { name: /^fast/ }).click();
  await expect(page.getByRole('radio', { name: /Aggressive/ })).toBeChecked();

  await page.getByLabel('Job Name', { exact: true }).fill('Watched job');
  await page.getByRole('button', { name: /Advanced Settings/ }).click();
  await page.getByLabel('Validation Split', { exact: true }).fill('7');
  await expect(page.getByText(/Validation split must be between/).first()).toBeVisible();
  await page.getByLabel('Validation Split', { exact: true }).fill('0.2');
  await expectAccessible(page);
  const start = page.getByRole('button', { name: 'Start Training' });
  await expect(start).toBeEnabled();
  await start.click();
  await page.getByRole('dialog').getByRole('checkbox').check();
  await page.getByRole('button', { name: /Confirm/ }).click();

  await expect(page.getByRole('heading', { level: 2, name: 'Watched job' })).toBeVisible();
  await expect(page.locator('.recharts-line-curve').first()).toBeVisible({ timeout: 5 * 60_000 });
  const last = page.getByRole('slider', { name: 'First step shown' });
  await expect(last).toBeVisible({ timeout: 60_000 });
  await expectAccessible(page);

  // How it is looked at is in the address.
  await page.getByRole('slider', { name: 'Smoothing' }).focus();
  for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowRight');
  await page.getByLabel('Log axis').check();
  await last.focus();
  await page.keyboard.press('ArrowRight');
  await expect(page).toHaveURL(/smooth=0\.2.*log=true.*from=1/);
  await expect(page.getByText('Loss (log)')).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Log axis')).toBeChecked();
  await page.getByRole('button', { name: 'Reset Zoom' }).click();
  await expect(page).not.toHaveURL(/from=/);

  await page.getByText('The curve as a table').click();
  await expect(page.getByRole('region', { name: 'Loss by step' }).getByRole('row').nth(1)).toBeVisible();
  const [csv] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export CSV' }).click(),
  ]);
  expect(csv.suggestedFilename()).toBe('Watched job-metrics.csv');
  const lines = (await readFile(await csv.path(), 'utf8')).trim().split('\n');
  expect(lines[0]).toMatch(/^step,epoch,trainingLoss,validationLoss/);
  expect(lines.length).toBeGreaterThan(1);

  await page.getByLabel('Search the log').fill('no such words in any log');
  await expect(page.getByText('No line matches.')).toBeVisible();
  await page.getByLabel('Search the log').fill('');

  // The network is gone: the page says so, and says when it is back.
  await page.context().setOffline(true);
  await expect(page.getByText('Connection lost, reconnecting...')).toBeVisible({ timeout: 60_000 });
  await expectAccessible(page);
  await page.context().setOffline(false);
  await expect(page.getByText('Connection lost, reconnecting...')).toBeHidden({ timeout: 60_000 });

  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoOverflow(page);
  await page.getByRole('button', { name: 'Cancel Job' }).click();
  await page.getByRole('radio', { name: 'No longer needed' }).check();
  await page.getByRole('button', { name: 'Confirm Cancellation' }).click();
  await expect(page.getByRole('heading', { name: 'Training Cancelled' })).toBeVisible({ timeout: 60_000 });
});

test('two tabs; the server stops in the middle of the streams, goes on later, and nothing is missing', async ({
  browser,
}) => {
  test.setTimeout(6 * 60_000);
  let server = await startServer();
  try {
    const context = await browser.newContext({ baseURL: server.url });
    const page = await context.newPage();
    await signUp(page);
    await page.getByRole('button', { name: 'Use the Sample Dataset' }).click();
    const start = page.getByRole('dialog').getByRole('link', { name: 'Start Training' });
    await expect(start).toBeVisible({ timeout: 60_000 });
    await start.click();
    const list = await context.newPage();
    await list.goto('/training/jobs');
    await expect(list.getByText('No active training jobs')).toBeVisible();

    await page.getByLabel('Job Name', { exact: true }).fill('Followed job');
    await page.getByRole('button', { name: 'Start Training' }).click();
    await page.getByRole('dialog').getByRole('checkbox').check();
    await page.getByRole('button', { name: /Confirm/ }).click();
    await expect(page.getByText('Live updates: Connected')).toBeVisible({ timeout: 60_000 });
    // The other tab shows it by itself, in the list and in the header.
    await expect(list.getByRole('link', { name: 'Followed job' })).toBeVisible({ timeout: 60_000 });
    await expect(list.getByText(/^Progress: [1-9]/)).toBeVisible({ timeout: 60_000 });
    await list.getByRole('button', { name: 'Training: 1 active' }).click();
    await expect(list.getByRole('dialog', { name: 'Active training jobs' }).getByText('Followed job')).toBeVisible();

    const again = await server.interrupt();
    await expect(page.getByText('Connection lost, reconnecting...')).toBeVisible({ timeout: 60_000 });
    await expect(list.getByRole('banner').getByText('Reconnecting...')).toBeVisible();
    await expect(list.getByText('Server not reached')).toBeVisible({ timeout: 60_000 });
    server = await again();
    await expect(page.getByText('Connection lost, reconnecting...')).toBeHidden({ timeout: 60_000 });
    await expect(list.getByRole('banner').getByText('Reconnecting...')).toBeHidden({ timeout: 60_000 });
    // The attempt goes on or is made again; either way the curve grows here without a reload.
    await expect(page.locator('.recharts-line-curve').first()).toBeVisible({ timeout: 3 * 60_000 });
    await page.getByRole('button', { name: 'Cancel Job' }).click();
    await page.getByRole('radio', { name: 'No longer needed' }).check();
    await page.getByRole('button', { name: 'Confirm Cancellation' }).click();
    await expect(page.getByRole('heading', { name: 'Training Cancelled' })).toBeVisible({ timeout: 60_000 });
    await expect(list.getByText('No active training jobs')).toBeVisible({ timeout: 60_000 });

    // Each step that the server knows of is here, and none twice.
    const id = new URL(page.url()).pathname.split('/').at(-1);
    const { data } = await (await page.request.get(`/api/jobs/${id}/metrics?points=500`)).json();
    await expect(page.getByText(`Showing ${data.points.length} data point`)).toBeVisible();
    await context.close();
  } finally {
    await server.stop();
  }
});
