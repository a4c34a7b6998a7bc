import { expect, expectAccessible, signUp, test } from './test';

test('who has nothing yet is greeted, and the sample is one press away', async ({ page }) => {
  test.setTimeout(3 * 60_000);
  await signUp(page);
  await expect(page.getByRole('heading', { name: 'Welcome, Ada Lovelace' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Use the Sample Dataset' }).click();

  await expect(page).toHaveURL(/\/datasets\/[0-9a-f-]{36}/);
  const details = page.getByRole('dialog', { name: 'Bike workshop (sample)' });
  await expect(details.getByRole('heading', { name: 'Training Readiness' })).toBeVisible({ timeout: 60_000 });
  await expect(details.getByRole('link', { name: 'Start Training' })).toBeVisible();
  await expectAccessible(page);

  await details.getByRole('button', { name: 'Edit' }).click();
  const edit = page.getByRole('dialog', { name: 'Edit Dataset' });
  await edit.getByLabel('Name').fill('  ');
  await edit.getByRole('button', { name: 'Save Changes' }).click();
  await expect(edit.getByText('Give the dataset a name.')).toBeVisible();
  await expectAccessible(page);
  await edit.getByLabel('Name').fill('My workshop');
  await edit.getByRole('button', { name: 'Save Changes' }).click();
  const renamed = page.getByRole('dialog', { name: 'My workshop' });
  await expect(renamed).toBeVisible();

  await renamed.getByRole('button', { name: 'Close' }).first().click();
  await expect(page.getByRole('article', { name: 'My workshop' })).toBeVisible();
  await page.goto('/');
  await expect(page.getByText('Uploaded data set').first()).toBeVisible();
  await expect(page.getByRole('heading', { name: /^Welcome/ })).toBeHidden();

  await page.goto('/datasets');
  await page.getByRole('link', { name: 'View Details of My workshop' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete Dataset' }).click();
  await expect(page.getByText('No datasets found')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Use the Sample Dataset' })).toBeVisible();
});
