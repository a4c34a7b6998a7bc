import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type BrowserContext, expect } from '@playwright/test';
import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from '../src/api/schema';

type Job = components['schemas']['JobDetail'];
type NewJob = Omit<components['schemas']['CreateJobRequest'], 'datasetId'>;

export const PASSWORD = 'a long enough passphrase';

/** Small enough that its training takes a moment. */
export const SMALL = join(import.meta.dirname, '../../fixtures/datasets/v4-meta.jsonl');
export const SAMPLE = join(import.meta.dirname, '../../samples/bike-workshop.jsonl');

/** An account whose things are made over the API, for tests of what the page does with them. */
export interface Account {
  password: string;
  email: string;
  id: string;
  api: Client<paths>;
}

/** Makes an account; the pages of the context are signed in as it. */
export async function account(context: BrowserContext, url: string, name = 'Ada Lovelace'): Promise<Account> {
  const email = `${name.split(' ')[0]?.toLowerCase()}-${randomBytes(6).toString('hex')}@example.org`;
  const answer = await context.request.post(`${url}/api/auth/signup`, {
    headers: { origin: new URL(url).origin },
    data: { name, email, password: PASSWORD },
  });
  expect(answer.status(), await answer.text()).toBe(201);
  const { data } = await answer.json();
  const api = createClient<paths>({ baseUrl: url, headers: { authorization: `Bearer ${data.token}` } });
  return { email, password: PASSWORD, id: data.user.id, api };
}

/** What a call answered with. */
export async function done<T>(call: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data, error } = await call;
  if (data === undefined) throw new Error(`the call failed: ${JSON.stringify(error)}`);
  return data;
}

/** Announces a file of a size; nothing of it is sent. */
export async function announce({ api }: Account, name: string, fileSize: number, fileName = 'talks.jsonl') {
  const body = { name, format: 'brightrun-lora-v4', fileName, fileSize } as const;
  return (await done(api.POST('/api/datasets', { body }))).data;
}

/** Uploads a file and waits until it has been looked at. */
export async function putDataset(account: Account, name: string, file: string | Buffer): Promise<string> {
  const content = typeof file === 'string' ? await readFile(file) : file;
  const ticket = await announce(account, name, content.length, typeof file === 'string' ? basename(file) : undefined);
  const { datasetId: id, uploadUrl, uploadMethod, uploadHeaders } = ticket;
  const sent = await fetch(uploadUrl, { method: uploadMethod, headers: uploadHeaders, body: new Uint8Array(content) });
  expect(sent.ok).toBe(true);
  const params = { params: { path: { id } } };
  await done(account.api.POST('/api/datasets/{id}/confirm', params));
  const status = async () => (await done(account.api.GET('/api/datasets/{id}', params))).data.dataset.status;
  await expect.poll(status, { timeout: 60_000 }).toMatch(/^(ready|error)$/);
  return id;
}

/** Launches a job, by default one that takes a moment. */
export async function launch({ api }: Account, datasetId: string, job: Partial<NewJob> = {}): Promise<string> {
  const body = { presetId: 'conservative', ...job, datasetId } as const;
  return (await done(api.POST('/api/jobs', { body }))).data.jobId;
}

/** Waits until a job is as it should be. */
export async function jobThat({ api }: Account, id: string, is: (job: Job) => boolean): Promise<Job> {
  const params = { params: { path: { id } } };
  let job = (await done(api.GET('/api/jobs/{id}', params))).data.job;
  await expect
    .poll(
      async () => {
        job = (await done(api.GET('/api/jobs/{id}', params))).data.job;
        return is(job) || `${job.status}: ${job.errorMessage ?? job.progress}`;
      },
      { timeout: 5 * 60_000 },
    )
    .toBe(true);
  return job;
}

/** Where a data set's file lies. */
export async function storedFile(data: string, datasetId: string): Promise<string> {
  const all = await readdir(join(data, 'objects'), { recursive: true, withFileTypes: true });
  const found = all.filter((entry) => entry.isFile() && entry.parentPath.includes(datasetId));
  expect(found).toHaveLength(1);
  return join(found[0]?.parentPath ?? '', found[0]?.name ?? '');
}
