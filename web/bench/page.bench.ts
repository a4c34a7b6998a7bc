import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { launch } from 'chrome-launcher';
import lighthouse, { desktopConfig, type Result } from 'lighthouse';
import { test, type World } from '../e2e/world';

const CATEGORIES = ['performance', 'accessibility', 'best-practices'] as const;
const FORMS = { desktop: desktopConfig, mobile: undefined } as const;
const GOAL = 95;
/** Of each page and form the middle one of so many runs is told. */
const RUNS = Number(process.env.RUNS ?? 3);
const REPORTS = join(import.meta.dirname, '../test-results/lighthouse');
const CHROMIUM = process.env.CHROMIUM_BIN ?? '/usr/bin/chromium';

const pagesOf = ({ datasets, jobs, models }: World) =>
  ({
    login: '/login',
    dashboard: '/',
    'data sets': '/datasets',
    configurator: `/training/configure?dataset_id=${datasets.ready}`,
    monitor: `/training/jobs/${jobs.completed}`,
    artifact: `/models/${models.first}`,
  }) as const;

test('pages by Lighthouse', async ({ world }) => {
  await mkdir(REPORTS, { recursive: true });
  const rows: string[] = [];
  const short: string[] = [];
  const failed: string[] = [];
  for (const [page, path] of Object.entries(pagesOf(world))) {
    for (const form of Object.keys(FORMS) as (keyof typeof FORMS)[]) {
      const result = await middle(world, page === 'login' ? 'nobody' : 'grace', path, form);
      await writeFile(join(REPORTS, `${page.replace(' ', '-')}-${form}.json`), JSON.stringify(result));
      const scores = CATEGORIES.map((name) => Math.round(100 * (result.categories[name]?.score ?? 0)));
      const value = (audit: string) => result.audits[audit]?.numericValue ?? 0;
      const figures = [
        `${(value('largest-contentful-paint') / 1000).toFixed(2)} s`,
        `${Math.round(value('total-blocking-time'))} ms`,
        value('cumulative-layout-shift').toFixed(3),
        `${(value('total-byte-weight') / 1024).toFixed(0)} KiB`,
      ];
      rows.push(`| ${[page, form, ...scores, ...figures].join(' | ')} |`);
      const below = Object.values(result.audits).filter(({ score }) => score !== null && score < 0.9);
      if (scores.some((score) => score < GOAL)) {
        short.push(
          `${page}, ${form}: ${below.map(({ id, displayValue }) => `${id} ${displayValue ?? ''}`).join('; ')}`,
        );
        if (form === 'desktop') failed.push(`${page}: ${scores.join(', ')}`);
      }
    }
  }
  const before = await readFile('/proc/loadavg', 'utf8').catch(() => loadavg().join(' '));
  process.stdout.write(
    `${[
      '| page | form | performance | accessibility | best practices | LCP | blocked | shift | bytes |',
      '|---|---|---:|---:|---:|---:|---:|---:|---:|',
      ...rows,
      `load at the end: ${before.trim()}`,
      ...short,
    ].join('\n')}\n`,
  );
  expect(failed, `below ${GOAL} on a desktop`).toEqual([]);
});

async function middle(world: World, who: 'grace' | 'nobody', path: string, form: keyof typeof FORMS): Promise<Result> {
  const cookies = await world.contexts[who].cookies();
  const chrome = await launch({
    ...(existsSync(CHROMIUM) && { chromePath: CHROMIUM }),
    chromeFlags: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  try {
    const results: Result[] = [];
    for (let run = 0; run < RUNS; run++) {
      const flags = {
        port: chrome.port,
        onlyCategories: [...CATEGORIES],
        extraHeaders: { Cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') },
      };
      const answer = await lighthouse(world.server.url + path, flags, FORMS[form]);
      if (!answer) throw new Error(`Lighthouse had no answer for ${path}`);
      results.push(answer.lhr);
    }
    const score = ({ categories }: Result) => categories.performance?.score ?? 0;
    results.sort((a, b) => score(a) - score(b));
    return results[Math.floor(results.length / 2)] as Result;
  } finally {
    chrome.kill();
  }
}
