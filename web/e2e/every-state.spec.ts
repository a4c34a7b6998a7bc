import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { done, jobThat, launch } from './seed';
import { empty, full, live, type State } from './states';
import { expectNoOverflow, turn, violations } from './test';
import { test, type Who, type World } from './world';

/** Where a picture of each state lies when the tests are over. */
const PICTURES = join(import.meta.dirname, '../test-results/states');
const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 844 };
const SOURCES = join(import.meta.dirname, '../src');

for (const [group, states] of Object.entries({ 'nothing yet': empty, ...full })) {
  test(`every state can be read in light and dark, wide and narrow: ${group}`, async ({ world }) => {
    test.setTimeout(8 * 60_000);
    await walk(world, states(world));
  });
}

test('every state can be read in light and dark, wide and narrow: while a job runs', async ({ world }) => {
  test.setTimeout(8 * 60_000);
  const { grace, datasets } = world;
  const hyperparameters = { numEpochs: 10 };
  const running = await launch(grace, datasets.ready, { name: 'Long run', presetId: 'custom', hyperparameters });
  const queued = await launch(grace, datasets.small, { name: 'Waiting run' });
  await jobThat(grace, running, ({ currentStep }) => (currentStep ?? 0) > 1);
  await walk(world, live(running, queued));
  for (const id of [queued, running]) {
    await done(grace.api.POST('/api/jobs/{id}/cancel', { params: { path: { id } }, body: {} }));
    await jobThat(grace, id, ({ status }) => status === 'cancelled');
  }
});

test('every dialog, menu and list that opens is among these states', async ({ world }) => {
  const opens = /<(DialogContent|ConfirmDialog|PopoverOnDemand|PopoverContent|DropdownMenuContent|SelectContent)\b/;
  const known = new Set(
    [...Object.values(full), empty].flatMap((states) => states(world).flatMap(({ of = [] }) => of)),
  );
  for (const { of = [] } of live('', '')) for (const file of of) known.add(file);
  // What these are made of: seen wherever they are used.
  for (const part of ['confirm-dialog', 'popover-on-demand']) known.add(`components/${part}.tsx`);
  const files = (await readdir(SOURCES, { recursive: true })).filter((file) => /(?<!test)\.tsx$/.test(file));
  const missing: string[] = [];
  for (const file of files) {
    if (file.startsWith('components/ui/') || known.has(file)) continue;
    if (opens.test(await readFile(join(SOURCES, file), 'utf8'))) missing.push(file);
  }
  expect(missing, 'components that open something, and no state of states.ts shows it').toEqual([]);
});

/** Goes through states. What is wrong with one is told when all have been seen. */
async function walk({ contexts }: World, states: State[]): Promise<void> {
  await mkdir(PICTURES, { recursive: true });
  const pages = new Map<Who, Page>();
  const wrong: string[] = [];
  for (const state of states) {
    const { who = 'grace' } = state;
    const page = pages.get(who) ?? (await contexts[who].newPage());
    pages.set(who, page);
    await test.step(state.name, () => look(page, state)).catch((error: Error) => wrong.push(`${state.name}: ${error}`));
  }
  for (const page of pages.values()) await page.close();
  expect(wrong).toEqual([]);
}

async function look(page: Page, state: State): Promise<void> {
  const picture = (kind: string) =>
    page.screenshot({ path: join(PICTURES, `${state.name.replaceAll(' ', '-')}-${kind}.png`), animations: 'disabled' });
  const wrong: string[] = [];
  const judge = async (kind: string, rules?: string[]) => {
    for (const violation of await violations(page, rules)) wrong.push(`${kind}: ${violation}`);
  };
  await page.setViewportSize(WIDE);
  await show(page, state);
  await judge('light');
  await picture('light-1440');
  // Nothing but colours differs in the dark.
  await turn(page, 'dark');
  await judge('dark', ['color-contrast']);
  await picture('dark-1440');
  await turn(page, 'light');
  await page.setViewportSize(NARROW);
  // Lists close when the window changes.
  if (state.open) await show(page, state);
  await expectNoOverflow(page);
  await picture('light-390');
  expect(wrong, page.url()).toEqual([]);
}

async function show(page: Page, { path, open, shows }: State): Promise<void> {
  // A fragment alone would not load the page anew.
  if (path.includes('#')) await page.goto('about:blank');
  await page.goto(path);
  await open?.(page);
  const text = page.getByText(shows).or(page.getByPlaceholder(shows)).or(page.getByLabel(shows));
  await expect(text.filter({ visible: true }).first()).toBeVisible();
  await expect(page.locator('.animate-pulse[aria-hidden]:not(.rounded-full)')).toHaveCount(0);
}
