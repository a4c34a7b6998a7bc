import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ended, freePort, startServer } from './server';
import { expect, expectAccessible, signUp, test } from './test';

const NGINX = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/bin/nginx'].find((path) => existsSync(path));
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

test('behind nginx and below a path: from the sample to a downloaded adapter', async ({ browser }) => {
  test.skip(!NGINX, 'nginx is not installed');
  test.setTimeout(12 * 60_000);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const folder = await mkdtemp(join(tmpdir(), 'brightrun-nginx-'));
  const server = await startServer({ APP_URL: `${origin}${BASE}`, BRIGHTRUN_TRUSTED_PROXIES: '127.0.0.1' });
  let nginx: ChildProcess | undefined;
  try {
    await writeFile(join(folder, 'nginx.conf'), configuration(folder, port, server.url));
    nginx = spawn(NGINX ?? '', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'inherit' });
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

    await page.getByRole('button', { name: 'Use the Sample Dataset' }).click();
    const start = page.getByRole('dialog').getByRole('link', { name: 'Start Training' });
    await expect(start).toBeVisible({ timeout: 60_000 });
    await start.click();
    await page.locator('[data-preset="conservative"]').click();
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
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download adapter_model.safetensors' }).click(),
    ]);
    expect((await readFile(await download.path())).length).toBeGreaterThan(1000);
    await page.goBack();
    await expect(page.getByRole('heading', { level: 1, name: 'Models' })).toBeVisible();
    expect(outside, 'requests outside of the path').toEqual([]);
    await context.close();
  } finally {
    if (nginx) await ended(nginx);
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

async function status(url: string): Promise<number> {
  return fetch(url).then(
    (answer) => answer.status,
    () => 0,
  );
}
