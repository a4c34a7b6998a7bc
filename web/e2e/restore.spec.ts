import { expect, expectAccessibleInBoth, expectNoOverflow, signUp, test } from './test';

test('a deleted data set is had back, at once and later', async ({ page }) => {
  test.setTimeout(2 * 60_000);
  await signUp(page);
  await page.getByRole('button', { name: 'Use the Sample Dataset' }).click();
  const name = 'Bike workshop (sample)';
  const details = page.getByRole('dialog', { name });
  await expect(details.getByRole('heading', { name: 'Training Readiness' })).toBeVisible({ timeout: 60_000 });
  const address = page.url();
  const remove = async () => {
    await details.getByRole('button', { name: 'Delete' }).click();
    await expect(page.getByText(/can be restored for 30 days/)).toBeVisible();
    await page.getByRole('button', { name: 'Delete Dataset' }).click();
  };

  await remove();
  await expect(page.getByText('No datasets found')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  const card = page.getByRole('article', { name });
  await expect(card.getByRole('link', { name: /View Details/ })).toBeVisible();

  await card.getByRole('link', { name: /View Details/ }).click();
  await remove();
  await page.goto(address);
  await expect(page.getByText('There is no such dataset')).toBeVisible();
  await page.goto('/datasets');
  await page.getByRole('button', { name: 'Filters' }).click();
  await page.getByRole('menuitemradio', { name: 'Deleted' }).click();
  await expect(page).toHaveURL(/deleted=true/);
  await page.reload();
  await expect(card.getByText(/\d\d days left/)).toBeVisible();
  await expect(card.getByRole('link')).toHaveCount(0);
  await expectAccessibleInBoth(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoOverflow(page);
  await card.getByRole('button', { name: /^Restore Dataset/ }).click();
  await expect(page.getByText('Dataset restored')).toBeVisible();
  await expect(page.getByText('No datasets found')).toBeVisible();
  await page.getByRole('button', { name: 'Remove filter: Deleted' }).click();
  await expect(card.getByRole('link', { name: /View Details/ })).toBeVisible();
});
