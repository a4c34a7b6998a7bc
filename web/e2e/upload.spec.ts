import { readFile } from 'node:fs/promises';
import { expect, expectAccessible, SAMPLE, signUp, test } from './test';

test('several files at once, each with its own result; what did not arrive is sent again', async ({ page }) => {
  test.setTimeout(4 * 60_000);
  await signUp(page);
  await page.goto('/datasets?create=true');
  const dialog = page.getByRole('dialog');
  const file = (name: string, content: string | Buffer) => ({
    name,
    mimeType: 'application/x-ndjson',
    buffer: Buffer.from(content),
  });
  const good = await readFile(SAMPLE);
  await dialog
    .getByLabel('Dataset file')
    .setInputFiles([file('good.jsonl', good), file('broken.jsonl', '{"a":'), file('empty.jsonl', '')]);
  await expect(dialog.getByRole('region', { name: 'good.jsonl' }).getByText(/^Looks like/)).toBeVisible();
  // An empty file cannot be uploaded, and holds the others up until it is taken away.
  await expect(dialog.getByText('This file is empty.')).toBeVisible();
  await expect(dialog.getByRole('button', { name: 'Upload 3 Files' })).toBeDisabled();
  await dialog.getByRole('button', { name: 'Remove empty.jsonl' }).click();
  await dialog.getByRole('region', { name: 'good.jsonl' }).getByLabel('Name').fill('Good talks');
  await expectAccessible(page);

  await page.context().setOffline(true);
  await dialog.getByRole('button', { name: 'Upload 2 Files' }).click();
  const row = (name: string) => dialog.getByRole('listitem', { name });
  await expect(row('Good talks').getByText(/cannot be reached/)).toBeVisible();
  await expectAccessible(page);
  await page.context().setOffline(false);
  await row('Good talks').getByRole('button', { name: 'Try Again' }).click();
  await row('broken').getByRole('button', { name: 'Try Again' }).click();
  await expect(row('Good talks').getByText('Review Recommended')).toBeVisible({ timeout: 60_000 });
  await expect(row('broken').getByText('Cannot Be Used')).toBeVisible({ timeout: 60_000 });
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByRole('article')).toHaveCount(2);

  // The filters are in the address: they survive a reload and the way back.
  await page.goto('/datasets?trainingReady=true');
  await expect(page.getByRole('article', { name: 'Good talks' })).toBeVisible();
  await expect(page.getByRole('article')).toHaveCount(1);
  await page.getByRole('button', { name: 'Clear all' }).click();
  await expect(page.getByRole('article')).toHaveCount(2);
  await page.getByLabel('Search datasets').fill('good');
  await expect(page).toHaveURL(/search=good/);
  await page.reload();
  await expect(page.getByRole('article')).toHaveCount(1);
});
