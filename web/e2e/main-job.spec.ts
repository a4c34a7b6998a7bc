import { readFile } from 'node:fs/promises';
import { expect, expectAccessible, expectNoOverflow, SAMPLE, signUp, test, upload } from './test';

test('from an uploaded data set to a downloaded adapter', async ({ page }) => {
  test.setTimeout(15 * 60_000);
  await signUp(page);
  await expectAccessible(page);

  const result = await upload(page, SAMPLE);
  await expect(result.getByText('Training Pairs')).toBeVisible();
  await result.getByRole('link', { name: 'Start Training' }).click();

  await expect(page).toHaveURL(/\/training\/configure\?dataset_id=/);
  await page.locator('[data-preset="balanced"]').click();
  await expect(page.getByText('Ready to Launch')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Start Training' }).click();
  const confirm = page.getByRole('dialog');
  await expect(confirm.getByRole('button', { name: /Confirm/ })).toBeDisabled();
  await confirm.getByRole('checkbox').check();
  await confirm.getByRole('button', { name: /Confirm/ }).click();

  await expect(page).toHaveURL(/\/training\/jobs\/[0-9a-f-]{36}/);
  await expect(page.getByTestId('progress-bar')).toBeVisible();
  // The curve is drawn while the job runs, from its events.
  await expect(page.locator('.recharts-line-curve').first()).toBeVisible({ timeout: 5 * 60_000 });
  await expect(page.getByText('Training Complete!').first()).toBeVisible({ timeout: 14 * 60_000 });
  await expect(page.getByTestId('progress-bar')).toHaveAttribute('aria-valuenow', '100');
  await expectAccessible(page);

  await page.getByRole('link', { name: 'View LoRA Model' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Model Artifacts' })).toBeVisible();
  await expectAccessible(page);

  const modelPage = page.url();
  const modelId = new URL(modelPage).pathname.split('/').at(-1);
  const adapter = await bytesOf(page, 'Download adapter_model.safetensors');
  expect(adapter.name).toBe('adapter_model.safetensors');
  const headerLength = Number(adapter.bytes.readBigUInt64LE(0));
  const header: Record<string, { shape?: number[]; data_offsets?: [number, number] }> = JSON.parse(
    adapter.bytes.subarray(8, 8 + headerLength).toString(),
  );
  const tensors = Object.entries(header).filter(([name]) => name !== '__metadata__');
  expect(tensors.length).toBeGreaterThan(0);
  for (const [name] of tensors) expect(name).toMatch(/^base_model\.model\..*\.lora_[AB]\.weight$/);
  const end = Math.max(...tensors.map(([, { data_offsets }]) => data_offsets?.[1] ?? 0));
  expect(adapter.bytes.length, 'size by the header').toBe(8 + headerLength + end);
  const { data } = await (await page.request.get(`/api/models/${modelId}`)).json();
  expect(adapter.bytes.length, 'size as listed').toBe(data.model.artifacts.adapterModel.size);

  // The large button shows how far it is, and holds the file against its checksum.
  const whole = await bytesOf(page, /^Download LoRA Adapter/);
  expect(whole.bytes.equals(adapter.bytes)).toBe(true);
  await expect(page.getByText(/Download complete! adapter_model\.safetensors .*, checksum verified/)).toBeVisible();
  await page.getByRole('tab', { name: 'vLLM' }).click();
  await expect(page.getByText(/--enable-lora --max-lora-rank 16/)).toBeVisible();
  await page.getByRole('link', { name: 'Show Version History' }).click();
  await expect(page.getByRole('heading', { level: 3, name: 'Version 1' })).toBeVisible();
  await expectAccessible(page);
  await page.reload();
  await expect(page.getByRole('heading', { level: 3, name: 'Version 1' })).toBeVisible();

  const zip = await bytesOf(page, 'Download All as ZIP');
  expect(zip.bytes.subarray(0, 4)).toEqual(Buffer.from('PK\u0003\u0004'));

  await page.goto(modelPage);
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(page.getByRole('heading', { level: 1, name: 'Model Artifacts' })).toBeVisible();
  await expectNoOverflow(page);
  await page.goto('/models');
  await expect(page.getByRole('heading', { level: 3 })).toHaveCount(1);
  await expectNoOverflow(page);
});

async function bytesOf(page: import('@playwright/test').Page, button: string | RegExp) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}
