import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, expectAccessibleInBoth, expectNoOverflow, signUp, test, upload } from './test';

const BROKEN = join(import.meta.dirname, '../../fixtures/datasets/bad/duplicates.jsonl');

test('a broken file is mended: the diff is looked at, a new version is made, its conversations are read and exported', async ({
  page,
}) => {
  test.setTimeout(4 * 60_000);
  await signUp(page);
  const result = await upload(page, BROKEN);
  await result.getByRole('link', { name: 'View Details' }).click();
  const details = page.getByRole('dialog', { name: 'duplicates' });
  const findings = details.getByRole('region', { name: 'Findings' });
  await findings.getByRole('button', { name: 'Leave out repetitions' }).click();

  const mend = page.getByRole('dialog', { name: 'Mend Dataset' });
  const changes = mend.getByRole('region', { name: 'What changes' });
  await expect(changes.getByText('19 → 15')).toBeVisible();
  await expect(changes.getByText('Left out', { exact: true }).first()).toBeVisible();
  await expect(changes.getByText('4 places')).toBeVisible();
  await expectAccessibleInBoth(page);
  // Which fixes are looked at is in the address.
  await expect(page).toHaveURL(/fix=drop_duplicates/);
  await page.reload();
  await expect(changes.getByText('19 → 15')).toBeVisible();
  await mend.getByLabel('Name of the new version').fill('Mended talks');
  await mend.getByRole('button', { name: 'Make New Version' }).click();

  const made = page.getByRole('dialog', { name: 'Mended talks' });
  await expect(made.getByRole('heading', { name: 'Training Readiness' })).toBeVisible({ timeout: 60_000 });
  await expect(made.getByText('4 left out; trainable examples 19 → 15')).toBeVisible();
  await expect(made.getByRole('button', { name: 'Leave out repetitions' })).toHaveCount(0);
  await expectAccessibleInBoth(page);
  await made.getByRole('link', { name: 'duplicates' }).click();
  await expect(details.getByRole('link', { name: 'Mended talks' })).toBeVisible();
  await details.getByRole('link', { name: 'Mended talks' }).click();

  // Its conversations.
  await made.getByRole('tab', { name: 'Conversations' }).click();
  await made.getByRole('button', { name: /^View All Conversations/ }).click();
  const list = made.getByRole('list', { name: 'Conversations' });
  await list.getByRole('button').nth(1).click();
  await expect(page).toHaveURL(/all=true.*line=\d+|line=\d+.*all=true/);
  await page.reload();
  await expect(list.getByText('assistant').first()).toBeVisible();
  await expectAccessibleInBoth(page);
  await made.getByLabel('Search conversations').fill('no such words anywhere');
  await expect(made.getByText('Nothing found')).toBeVisible();
  await expect(page).toHaveURL(/find=no/);

  // As another format.
  await made.getByRole('tab', { name: 'Metadata' }).click();
  await made.getByRole('combobox', { name: 'Format' }).click();
  await page.getByRole('option', { name: 'ShareGPT' }).click();
  await expect(made.getByText(/\d+ records? of 15 examples/)).toBeVisible();
  await expectAccessibleInBoth(page);
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    made.getByRole('button', { name: 'Export Dataset' }).click(),
  ]);
  expect(file.suggestedFilename()).toMatch(/sharegpt\.jsonl$/);
  const lines = (await readFile(await file.path(), 'utf8')).trim().split('\n');
  expect(Array.isArray(JSON.parse(lines[0] ?? '').conversations)).toBe(true);
  await expect(made.getByText(/Download complete!/)).toBeVisible();

  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoOverflow(page);
});

test('many conversations are paged, and the pages are in the address', async ({ page }) => {
  await signUp(page);
  await page.getByRole('button', { name: 'Use the Sample Dataset' }).click();
  const details = page.getByRole('dialog', { name: 'Bike workshop (sample)' });
  await expect(details.getByRole('heading', { name: 'Training Readiness' })).toBeVisible({ timeout: 60_000 });
  await details.getByRole('tab', { name: 'Conversations' }).click();
  await details.getByRole('button', { name: 'View All Conversations (42)' }).click();
  const list = details.getByRole('list', { name: 'Conversations' });
  await expect(list.getByRole('listitem')).toHaveCount(20);
  const first = await list.getByRole('button').first().textContent();
  await details.getByRole('button', { name: 'Next' }).click();
  await expect(page).toHaveURL(/from=/);
  await expect(list.getByRole('button').first()).not.toHaveText(first ?? '');
  await details.getByRole('button', { name: 'Next' }).click();
  await expect(list.getByRole('listitem')).toHaveCount(2);
  await expect(details.getByRole('button', { name: 'Next' })).toBeDisabled();
  await details.getByRole('button', { name: 'Previous' }).click();
  await expect(list.getByRole('listitem')).toHaveCount(20);
  await page.reload();
  await details.getByRole('button', { name: 'Previous' }).click();
  await expect(list.getByRole('button').first()).toHaveText(first ?? '');
  await details.getByLabel('Search conversations').fill('brake');
  await expect(details.getByText(/^\d+ conversations found$/)).toBeVisible();
});
