import { open, rm } from 'node:fs/promises';
import { account, announce, done } from './seed';
import { expect, expectAccessibleInBoth, SAMPLE, test } from './test';

const GIB = 2 ** 30;

test('a file that is too large is refused before it is sent, one that finds no room by the server', async ({
  page,
  server,
}, info) => {
  const ada = await account(page.context(), server.url);
  const large = info.outputPath('large.jsonl');
  const file = await open(large, 'w');
  await file.truncate(6 * GIB);
  await file.close();

  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() !== 'GET' && /\/(datasets|storage)\b/.test(request.url())) sent.push(request.url());
  });
  await page.goto('/datasets?create=true');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText(/up to 5\.00 GB each/)).toBeVisible();
  await dialog.getByLabel('Dataset file').setInputFiles(large);
  await expect(dialog.getByRole('alert')).toHaveText('This file has 6.00 GB; at most 5.00 GB are accepted.');
  await expect(dialog.getByRole('button', { name: 'Upload', exact: true })).toBeDisabled();
  await expectAccessibleInBoth(page);
  await dialog.getByRole('button', { name: 'Remove large.jsonl' }).click();
  expect(sent.filter((url) => !url.endsWith('/validate'))).toEqual([]);
  await rm(large);

  // The account's room is taken by what it has announced: 40 files of 5 GiB are its 200 GiB.
  const taken: string[] = [];
  for (let i = 0; i < 40; i++) taken.push((await announce(ada, `Large ${i}`, 5 * GIB)).datasetId);
  await dialog.getByLabel('Dataset file').setInputFiles(SAMPLE);
  await dialog.getByRole('button', { name: 'Upload', exact: true }).click();
  const refusal = dialog.getByRole('alert');
  await expect(refusal).toHaveText(
    /^Your datasets hold 200\.00 GB of 200\.00 GB\. Delete some before you add [\d.]+ KB more\.$/,
  );
  await expectAccessibleInBoth(page);
  expect(
    sent.filter((url) => !/\/(validate|datasets)$/.test(url)),
    'nothing of the file was sent',
  ).toEqual([]);

  // With room it goes, by the same button.
  const id = taken[0] ?? '';
  await done(ada.api.DELETE('/api/datasets/{id}', { params: { path: { id } } }));
  await dialog.getByRole('button', { name: 'Try Again' }).click();
  await expect(dialog.getByText('Review Recommended')).toBeVisible({ timeout: 60_000 });
});
