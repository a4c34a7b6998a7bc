import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { SMALL } from './seed';
import { ended, freePort, startServer } from './server';
import { expect, expectAccessible, signUp, test, upload } from './test';

const NGINX = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx'].find((path) =>
  existsSync(path),
);
const BASE = '/brightrun';

/** As docs/proxy.md says, in a folder of its own. */
const configuration = (folder: string, port: number, upstream: string) => `
daemon off;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 5g;
    location ${BASE}/ {
      proxy_pass ${upstream};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_read_timeout 1h;
    }
  }
}
`;

test('behind nginx and below a path: from a file to a downloaded adapter, with every download on the way', async ({
  browser,
}) => {
  if (!NGINX) throw new Error('nginx is not installed; on Debian and Ubuntu: sudo apt-get install -y nginx-light');
  test.setTimeout(12 * 60_000);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const folder = await mkdtemp(join(tmpdir(), 'brightrun-nginx-'));
  const server = await startServer({ APP_URL: `${origin}${BASE}`, BRIGHTRUN_TRUSTED_PROXIES: '127.0.0.1' });
  let nginx: ChildProcess | undefined;
  try {
    await writeFile(join(folder, 'nginx.conf'), configuration(folder, port, server.url));
    nginx = spawn(NGINX, ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'inherit' });
    await expect.poll(() => status(`${origin}${BASE}/readyz`), { timeout: 30_000 }).toBe(200);

    const context = await browser.newContext({ baseURL: origin, reducedMotion: 'reduce' });
    const page = await context.newPage();
    const outside: string[] = [];
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol === 'http:' && !url.pathname.startsWith(BASE)) outside.push(request.url());
    });
    await page.goto(`${BASE}/models`);
    await expect(page).toHaveURL(`${origin}${BASE}/login?redirect=%2Fmodels`);
    await signUp(page, BASE);
    const [cookie] = await context.cookies(`${origin}${BASE}/api`);
    expect(cookie?.path).toBe(BASE);
    expect((await (await page.request.get(`${BASE}/openapi.json`)).json()).servers).toEqual([{ url: BASE }]);

    // The file goes through it, and comes back in another format.
    const result = await upload(page, SMALL, BASE);
    await result.getByRole('link', { name: 'View Details' }).click();
    await page.getByRole('tab', { name: 'Metadata' }).click();
    const exported = await saved(page, 'Export Dataset');
    expect(exported.name).toMatch(/\.jsonl$/);
    expect(JSON.parse(exported.text.split('\n')[0] ?? '')).toHaveProperty('messages');
    await page.getByRole('dialog').getByRole('link', { name: 'Start Training' }).click();
    await page.locator('[data-preset="aggressive"]').click();
    await page.getByRole('button', { name: 'Start Training' }).click();
    await page.getByRole('dialog').getByRole('checkbox').check();
    await page.getByRole('button', { name: /Confirm/ }).click();

    // Events come one by one: nothing holds them back.
    await expect(page).toHaveURL(new RegExp(`^${origin}${BASE}/training/jobs/`));
    await expect(page.getByText('Live updates: Connected')).toBeVisible({ timeout: 60_000 });
    await expect(page.locator('.recharts-line-curve').first()).toBeVisible({ timeout: 5 * 60_000 });
    await page.reload();
    await expect(page.getByRole('heading', { level: 1, name: 'Training Monitor' })).toBeVisible();
    await expect(page.getByText('Training Complete!').first()).toBeVisible({ timeout: 10 * 60_000 });

    await page.getByRole('button', { name: /^Notifications, [1-9]/ }).click();
    await page.getByRole('button', { name: 'View Results' }).first().click();
    await expect(page).toHaveURL(new RegExp(`^${origin}${BASE}/(models|training/jobs)/`));
    await page.goto(`${BASE}/models`);
    await page.getByRole('heading', { level: 3 }).getByRole('link').click();
    await expect(page.getByRole('heading', { level: 1, name: 'Model Artifacts' })).toBeVisible();
    await expectAccessible(page);
    expect((await saved(page, 'Download adapter_model.safetensors')).text.length).toBeGreaterThan(1000);
    await saved(page, /^Download LoRA Adapter/);
    await expect(page.getByText(/checksum verified/)).toBeVisible();
    expect((await saved(page, 'Download All as ZIP')).text.slice(0, 2)).toBe('PK');
    expect((await saved(page, 'Download Training Logs')).text).toContain('INFO');
    await page.getByRole('link', { name: 'View Full Training' }).click();
    expect((await saved(page, 'Export CSV')).text).toMatch(/^step,/);
    expect((await saved(page, 'Download Logs')).name).toMatch(/\.log$/);
    await page.goBack();
    await expect(page.getByRole('heading', { level: 1, name: 'Model Artifacts' })).toBeVisible();
    await page.goBack();
    await expect(page.getByRole('heading', { level: 1, name: 'Models' })).toBeVisible();
    await page.goto(`${BASE}/costs`);
    expect((await saved(page, 'Export CSV')).name).toMatch(/^costs-.*\.csv$/);
    await page.goto(`${BASE}/settings`);
    const all = await saved(page, 'Export My Data');
    expect(all.name).toMatch(/^brightrun-export.*\.zip$/);
    expect(all.text.slice(0, 2)).toBe('PK');
    expect(outside, 'requests outside of the path').toEqual([]);
    await context.close();
  } finally {
    if (nginx) await ended(nginx);
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

/** What a button saves. */
async function saved(page: Page, button: string | RegExp): Promise<{ name: string; text: string }> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'latin1') };
}

async function status(url: string): Promise<number> {
  return fetch(url).then(
    (answer) => answer.status,
    () => 0,
  );
}
