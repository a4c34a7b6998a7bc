import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext } from '@playwright/test';
import { type MailServer, startMail } from './mail';
import { type Account, account, announce, done, jobThat, launch, putDataset, SAMPLE, SMALL, storedFile } from './seed';
import { type Server, startServerAt } from './server';
import { test as base } from './test';

const BAD = join(import.meta.dirname, '../../fixtures/datasets/bad');

/** A program in which everything has happened that a page can show. */
export interface World {
  server: Server;
  mail: MailServer;
  /** Browsers of the administrator, of somebody who has nothing yet, and of nobody. */
  contexts: Record<Who, BrowserContext>;
  grace: Account;
  datasets: Record<'ready' | 'small' | 'broken' | 'mendable' | 'waiting' | 'deleted', string>;
  jobs: Record<'completed' | 'again' | 'failed' | 'cancelled', string>;
  models: Record<'first' | 'second' | 'archived' | 'deleted', string>;
}

export type Who = 'grace' | 'newcomer' | 'nobody';

async function datasetsOf(grace: Account, data: string) {
  const [ready, small, broken, mendable, deleted] = [
    await putDataset(grace, 'Bike workshop', SAMPLE),
    await putDataset(grace, 'Small talks', SMALL),
    await putDataset(grace, 'Cut off', join(BAD, 'truncated.json')),
    await putDataset(grace, 'Repetitions', join(BAD, 'duplicates.jsonl')),
    await putDataset(grace, 'Thrown away', SMALL),
  ];
  const waiting = (await announce(grace, 'Never sent', 1000)).datasetId;
  await done(grace.api.DELETE('/api/datasets/{id}', { params: { path: { id: deleted } } }));
  return { ready, small, broken, mendable, waiting, deleted, stored: await storedFile(data, small) };
}

/** Jobs with every end there is; the models of those that came to a good one. */
async function jobsOf(grace: Account, datasets: { ready: string; small: string; stored: string }) {
  const ended = async (name: string) => {
    const id = await launch(grace, datasets.small, { name });
    const { artifactId = '' } = await jobThat(grace, id, ({ status }) => status === 'completed');
    return { id, artifactId };
  };
  const [one, two, three, four] = [await ended('One'), await ended('Two'), await ended('Three'), await ended('Four')];
  const content = await readFile(datasets.stored);
  await writeFile(datasets.stored, 'no longer what was checked');
  const failed = await launch(grace, datasets.small, { name: 'Unlucky' });
  await jobThat(grace, failed, ({ status }) => status === 'failed');
  await writeFile(datasets.stored, content);
  const cancelled = await launch(grace, datasets.ready, { name: 'Stopped', presetId: 'aggressive' });
  await jobThat(grace, cancelled, ({ currentStep }) => (currentStep ?? 0) > 1);
  const body = { reason: 'wrong_config' } as const;
  await done(grace.api.POST('/api/jobs/{id}/cancel', { params: { path: { id: cancelled } }, body }));
  await jobThat(grace, cancelled, ({ status }) => status === 'cancelled');
  const byId = (id: string) => ({ params: { path: { id } } });
  await done(grace.api.PATCH('/api/models/{id}', { ...byId(three.artifactId), body: { status: 'archived' } }));
  await done(grace.api.DELETE('/api/models/{id}', byId(four.artifactId)));
  return {
    jobs: { completed: one.id, again: two.id, failed, cancelled },
    models: { first: one.artifactId, second: two.artifactId, archived: three.artifactId, deleted: four.artifactId },
  };
}

/** What the settings and the administration show. */
async function settingsOf({ api }: Account) {
  for (const email of ['alan@example.org', undefined]) {
    await done(api.POST('/api/admin/invitations', { body: { ...(email && { email }), expiresInDays: 3 } }));
  }
  await done(api.POST('/api/auth/keys', { body: { name: 'nightly backup', scope: 'read' } }));
  await done(api.POST('/api/webhooks', { body: { url: 'https://hooks.example.org/brightrun', events: [] } }));
  await done(api.PATCH('/api/settings', { body: { monthlyBudget: 50 } }));
  const saved = { name: 'Careful', settings: { presetId: 'conservative' } } as const;
  await done(api.POST('/api/configurations', { body: saved }));
}

async function makeWorld(browser: Browser): Promise<World> {
  const mail = await startMail();
  const server = await startServerAt((url) => ({
    APP_URL: url,
    SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
    SMTP_FROM: 'BrightRun <mail@example.org>',
    // A second job waits for the first.
    BRIGHTRUN_LOCAL_RUNS: '1',
  }));
  const context = () => browser.newContext({ baseURL: server.url, reducedMotion: 'reduce', colorScheme: 'light' });
  const contexts = { grace: await context(), newcomer: await context(), nobody: await context() };
  const grace = await account(contexts.grace, server.url, 'Grace Hopper');
  await account(contexts.newcomer, server.url, 'Noah New');
  const other = await context();
  await account(other, server.url, 'Alan Turing');
  await other.close();
  // Another session of hers, which she can end.
  await context().then(async (second) => {
    const headers = { origin: server.url };
    await second.request.post('/api/auth/login', { headers, data: { email: grace.email, password: grace.password } });
    await second.close();
  });
  await settingsOf(grace);
  const { stored, ...datasets } = await datasetsOf(grace, server.data);
  const made = await jobsOf(grace, { ...datasets, stored });
  return { server, mail, contexts, grace, datasets, ...made };
}

export const test = base.extend<object, { world: World }>({
  world: [
    async ({ browser }, use) => {
      const world = await makeWorld(browser);
      await use(world);
      for (const context of Object.values(world.contexts)) await context.close();
      await world.server.stop();
      await world.mail.stop();
    },
    { scope: 'worker', timeout: 5 * 60_000 },
  ],
});
