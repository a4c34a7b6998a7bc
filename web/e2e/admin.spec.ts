import { elsewhere, enter, newAddress, test } from './own-server';
import { expect, expectAccessible, expectAccessibleInBoth, expectNoOverflow } from './test';

test('an administrator invites, changes a role, sets a rate and disables; the audit log says so', async ({
  page,
  browser,
  own,
}) => {
  test.setTimeout(4 * 60_000);
  const root = newAddress('root');
  await page.goto('/signup');
  await enter(page, 'Grace Hopper', root);
  await page.getByRole('link', { name: 'Administration' }).click();
  await expect(page.getByRole('list', { name: 'Users' }).getByText('You')).toBeVisible();
  await expectAccessibleInBoth(page);

  // An invitation that is good for one address.
  await page.getByRole('link', { name: 'Invitations' }).click();
  await expect(page.getByText('No invitations')).toBeVisible();
  await page.getByRole('button', { name: 'Invite Somebody' }).click();
  const alan = newAddress('alan');
  await page.getByLabel('Good for days').fill('0');
  await page.getByRole('button', { name: 'Make Invitation' }).click();
  await expect(page.getByText('Enter a number from 1 to 90.')).toBeVisible();
  await page.getByLabel('Good for days').fill('3');
  await page.getByLabel('E-mail address').fill(alan);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Make Invitation' }).click();
  const link = await page.getByLabel('Invitation link').inputValue();
  expect(link).toContain(`${own.server.url}/signup#token=`);
  await expect(page.getByText(/It was sent by mail/)).toBeVisible();
  expect(await own.mail.link(alan, 'signup'), 'the mail has the same link').toBe(link);
  await expectAccessibleInBoth(page);
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: alan }).getByText('Open')).toBeVisible();

  // Another is taken back.
  await page.getByRole('button', { name: 'Invite Somebody' }).click();
  await page.getByRole('button', { name: 'Make Invitation' }).click();
  const taken = await page.getByLabel('Invitation link').inputValue();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'Revoke Anybody with the link' }).click();
  await page.getByRole('button', { name: 'Revoke Invitation' }).click();
  await expect(page.getByText('Revoked', { exact: true })).toBeVisible();

  // Whoever was invited signs up by the link, and has no administration.
  const his = await elsewhere(browser, own.server.url);
  await his.goto(link);
  await expect(his.getByText('Accept your invitation')).toBeVisible();
  await enter(his, 'Alan Turing', alan);
  await expect(his.getByRole('link', { name: 'Administration' })).toHaveCount(0);
  for (const part of ['users', 'invitations', 'instances', 'audit']) {
    await his.goto(`/admin/${part}`);
    await expect(his.getByRole('heading', { level: 1, name: 'There is no such page' })).toBeVisible();
  }
  const stranger = await elsewhere(browser, own.server.url);
  await stranger.goto(taken);
  await stranger.getByLabel('Name').fill('Mallory');
  await stranger.getByLabel('Email').fill(newAddress('mallory'));
  await stranger.getByLabel('Password').fill('a long enough passphrase');
  await stranger.getByRole('button', { name: 'Sign up' }).click();
  await expect(stranger.getByRole('alert')).toBeVisible();
  await stranger.context().close();
  await page.reload();
  await expect(page.getByRole('listitem').filter({ hasText: alan }).getByText('Used', { exact: true })).toBeVisible();

  // The filters are in the address.
  await page.getByRole('link', { name: 'Users' }).click();
  await page.getByLabel('Search users').fill('turing');
  await expect(page).toHaveURL(/search=turing/);
  await page.reload();
  const users = page.getByRole('list', { name: 'Users' });
  await expect(users.getByRole('listitem')).toHaveCount(1);
  await page.getByRole('combobox', { name: 'Role' }).click();
  await page.getByRole('option', { name: 'Administrator', exact: true }).click();
  await expect(page.getByText('No accounts found')).toBeVisible();
  await page.getByRole('button', { name: 'Clear Filters' }).click();
  await expect(users.getByRole('listitem')).toHaveCount(2);

  await page.getByRole('button', { name: 'Edit Alan Turing' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox', { name: 'Role' }).click();
  await page.getByRole('option', { name: 'Billing administrator' }).click();
  await dialog.getByLabel(/^Monthly budget/).fill('1.234');
  await dialog.getByRole('button', { name: 'Save Changes' }).click();
  await expect(dialog.getByText(/Enter an amount in dollars/)).toBeVisible();
  await dialog.getByLabel(/^Monthly budget/).fill('12.50');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Save Changes' }).click();
  const row = users.getByRole('listitem').filter({ hasText: alan });
  await expect(row.getByText('Billing administrator')).toBeVisible();
  await expect(row.getByText(/\$12\.50 a month/)).toBeVisible();
  await his.goto('/costs');
  await expect(his.getByLabel('Only mine')).toBeVisible();
  await expect(his.getByText(/the chart over everybody/)).toBeVisible();
  await his.goto('/admin/users');
  await expect(his.getByRole('heading', { level: 1, name: 'There is no such page' })).toBeVisible();

  // The last administrator stays one.
  await page.getByRole('button', { name: 'Edit Grace Hopper' }).click();
  await dialog.getByRole('switch', { name: 'May log in' }).click();
  await dialog.getByRole('button', { name: 'Save Changes' }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await page.keyboard.press('Escape');

  // A rate, and back to the configured one.
  await page.getByRole('link', { name: 'Instances' }).click();
  const machine = page
    .getByRole('list', { name: 'Instance types' })
    .getByRole('listitem')
    .filter({ hasText: 'local-cpu' });
  await machine.getByRole('button', { name: /^Edit/ }).click();
  await dialog.getByLabel('Rate', { exact: true }).fill('7.25');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Save Changes' }).click();
  await expect(machine.getByText(/\$7\.25\/hr \(configured: /)).toBeVisible();
  await expectAccessibleInBoth(page);
  await his.goto('/settings?tab=cluster');
  await expect(his.getByText('$7.25/hr').first()).toBeVisible();
  await machine.getByRole('button', { name: /^Edit/ }).click();
  await dialog.getByRole('button', { name: 'Reset to the Configuration' }).click();
  await expect(machine.getByText(/configured:/)).toHaveCount(0);

  // Disabled, the session is over.
  await page.getByRole('link', { name: 'Users' }).click();
  await page.getByRole('button', { name: 'Edit Alan Turing' }).click();
  await dialog.getByRole('switch', { name: 'May log in' }).click();
  await dialog.getByRole('button', { name: 'Save Changes' }).click();
  await expect(row.getByText('Disabled')).toBeVisible();
  await his.goto('/datasets');
  await expect(his.getByRole('button', { name: 'Log in' })).toBeVisible();
  await his.getByLabel('Email').fill(alan);
  await his.getByLabel('Password').fill('a long enough passphrase');
  await his.getByRole('button', { name: 'Log in' }).click();
  await expect(his.getByRole('alert')).toBeVisible();
  await his.context().close();

  // Who did it is in the log; which lines are shown is in the address.
  await page.getByRole('link', { name: 'Audit Log' }).click();
  const lines = page.getByRole('list', { name: 'Lines' });
  await expect(lines.getByText('Account disabled')).toBeVisible();
  await page.getByRole('combobox', { name: 'Act' }).click();
  await page.getByRole('option', { name: 'Role changed' }).click();
  await expect(page).toHaveURL(/action=role_changed/);
  await page.reload();
  await expect(lines.getByRole('listitem')).toHaveCount(1);
  await lines.getByText('Role changed').click();
  await expect(lines.getByText('user → billing_admin')).toBeVisible();
  await lines.getByRole('button', { name: 'Only Alan Turing' }).click();
  await expect(page).toHaveURL(/user=/);
  await expect(page.getByText('Account: Alan Turing')).toBeVisible();
  await expectAccessibleInBoth(page);

  await page.setViewportSize({ width: 390, height: 844 });
  for (const part of ['users', 'invitations', 'instances', 'audit']) {
    await page.goto(`/admin/${part}`);
    await expect(page.locator('main').getByRole('listitem').last()).toBeVisible();
    await expectNoOverflow(page);
  }
});
