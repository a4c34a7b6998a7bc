import { readFile } from 'node:fs/promises';
import { expect, expectAccessible, SAMPLE, signUp, test, upload } from './test';

test('a broken file says what is wrong with it, and where', async ({ page }) => {
  await signUp(page);
  const lines = (await readFile(SAMPLE, 'utf8')).split('\n').slice(0, 4);
  const broken = [...lines, '{"id": "cut off in the mid'].join('\n');
  const dialog = await upload(page, {
    name: 'broken.jsonl',
    mimeType: 'application/jsonl',
    buffer: Buffer.from(broken),
  });

  await expect(dialog.getByRole('heading', { name: 'Dataset Cannot Be Used' })).toBeVisible();
  const findings = dialog.getByRole('region', { name: 'Findings' });
  await expect(findings.getByText(/Error: /).first()).toBeVisible();
  await expect(findings.getByText(/line 5/).first()).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Close' }).first().click();

  const card = page.getByRole('article', { name: 'broken' });
  await expect(card.getByText('Cannot Be Used')).toBeVisible();
  await expect(card.getByRole('button', { name: 'Start Training' })).toBeDisabled();
  await expectAccessible(page);

  // Search and filters are in the address.
  await page.getByLabel('Search datasets').fill('nothing like it');
  await expect(page).toHaveURL(/search=nothing/);
  await expect(page.getByText('No datasets found')).toBeVisible();
  await page.getByRole('button', { name: 'Clear Filters' }).click();
  await expect(card).toBeVisible();
  await page.getByRole('button', { name: 'Filters' }).click();
  await page.getByRole('menuitemradio', { name: 'Ready Only' }).click();
  await expect(page).toHaveURL(/trainingReady=/);
  await expect(page.getByText('No datasets found')).toBeVisible();
  await page.getByRole('button', { name: 'Remove filter: Ready Only' }).click();

  await card.getByRole('link', { name: /View Details/ }).click();
  const details = page.getByRole('dialog');
  await expect(details.getByText(/line 5/).first()).toBeVisible();

  // It can be deleted from there.
  await details.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete Dataset' }).click();
  await expect(page.getByText('No datasets found')).toBeVisible();
});
