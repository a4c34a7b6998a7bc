import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { test, type Who, type World } from './world';

interface Known {
  /** An address of the page, with something in it that has to survive. */
  at: string;
  /** Its heading of the first level, or the name of the dialog that it is. */
  title: string | RegExp;
  who?: Who;
}

/** Every page, by its file below `src/routes`. */
const PAGES: Record<string, (world: World) => Known> = {
  '_app/index': () => ({ at: '/', title: 'Dashboard' }),
  '_app/datasets': () => ({ at: '/datasets?search=bike&sortBy=name-asc', title: 'Datasets' }),
  '_app/datasets/$id': ({ datasets }) => ({ at: `/datasets/${datasets.ready}?show=metadata`, title: 'Bike workshop' }),
  '_app/training/configure': ({ datasets }) => ({
    at: `/training/configure?dataset_id=${datasets.ready}&advanced=true`,
    title: 'Training Job Configurator',
  }),
  '_app/training/jobs/index': () => ({ at: '/training/jobs?tab=completed', title: 'Training Jobs' }),
  '_app/training/jobs/$jobId': ({ jobs }) => ({
    at: `/training/jobs/${jobs.completed}?log=true`,
    title: 'Training Monitor',
  }),
  '_app/training/compare': ({ jobs }) => ({
    at: `/training/compare?jobs=${jobs.completed}%2C${jobs.again}&log=true`,
    title: 'Compare Runs',
  }),
  '_app/models/index': () => ({ at: '/models?show=deleted', title: 'Models' }),
  '_app/models/$artifactId': ({ models }) => ({ at: `/models/${models.first}?history=true`, title: 'Model Artifacts' }),
  '_app/costs': () => ({ at: '/costs?by=week', title: 'Costs' }),
  '_app/notifications': () => ({ at: '/notifications?unread=true', title: 'Notifications' }),
  '_app/settings': () => ({ at: '/settings?tab=billing', title: 'Settings' }),
  '_app/admin/users': () => ({ at: '/admin/users?search=turing', title: 'Administration' }),
  '_app/admin/invitations': () => ({ at: '/admin/invitations', title: 'Administration' }),
  '_app/admin/instances': () => ({ at: '/admin/instances', title: 'Administration' }),
  '_app/admin/audit': () => ({ at: '/admin/audit?action=budget_changed', title: 'Administration' }),
  '_auth/login': () => ({ at: '/login?redirect=%2Fmodels', title: /Log in/, who: 'nobody' }),
  '_auth/signup': () => ({ at: '/signup', title: 'Create your account', who: 'nobody' }),
  '_auth/forgot-password': () => ({ at: '/forgot-password', title: 'Forgot your password?', who: 'nobody' }),
  '_link/reset-password': () => ({ at: '/reset-password', title: 'This link is not complete', who: 'nobody' }),
  '_link/verify-email': () => ({ at: '/verify-email', title: 'This link is not complete', who: 'nobody' }),
};

/** Files that show no page of their own: frames, and what leads elsewhere. */
const NO_PAGES = ['__root', '_app', '_auth', '_link', '_app/admin', '_app/admin/index'];

test('every file of a route is in this list', async () => {
  const files = await readdir(join(import.meta.dirname, '../src/routes'), { recursive: true });
  const routes = files.filter((file) => file.endsWith('.tsx')).map((file) => file.replace(/\.tsx$/, ''));
  expect(routes.sort()).toEqual([...Object.keys(PAGES), ...NO_PAGES].sort());
});

for (const who of ['grace', 'nobody'] as const) {
  test(`every page survives a reload, the way back and the way forth: ${who}`, async ({ world }) => {
    test.setTimeout(3 * 60_000);
    const pages = Object.values(PAGES)
      .map((known) => known(world))
      .filter((known) => (known.who ?? 'grace') === who);
    const page = await world.contexts[who].newPage();
    for (const known of pages) {
      await page.goto(known.at);
      await seen(page, known);
      await page.reload();
      await seen(page, known);
    }
    for (const known of pages.toReversed().slice(1)) {
      await page.goBack();
      await seen(page, known);
    }
    for (const known of pages.slice(1)) {
      await page.goForward();
      await seen(page, known);
    }
    await page.close();
  });
}

async function seen(page: Page, { at, title }: Known): Promise<void> {
  await expect(page.getByRole('heading', { name: title }).first()).toBeVisible();
  const { pathname, search } = new URL(page.url());
  expect(`${pathname}${search}`).toBe(at);
}
