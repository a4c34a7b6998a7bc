// What each page loads before it shows, compressed by gzip: the entry, the layouts around the page, the page, and all that these import.
// What is imported on demand (charts, dialogs, menus) is not part of it. Run after a build; fails when a page is above the limit.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** Bytes. */
const LIMIT = 200 * 1024;
const SPLIT = '?tsr-split=component';

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));

/** `name` and all that it imports at once. */
function closure(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const imported of manifest[name].imports ?? []) closure(imported, found);
  return found;
}

const sizes = new Map();
function size(name) {
  if (!sizes.has(name))
    sizes.set(name, gzipSync(readFileSync(new URL(manifest[name].file, dist)), { level: 9 }).length);
  return sizes.get(name);
}

/** The files of a route and of the routes around it: `_app/datasets/$id` lies inside `_app/datasets` and `_app`. */
function routesAround(file) {
  const parts = file.replace(/\.tsx$/, '').split('/');
  return parts.map((_, end) => `${parts.slice(0, end + 1).join('/')}.tsx${SPLIT}`).filter((name) => name in manifest);
}

const entries = Object.keys(manifest).filter((name) => manifest[name].isEntry);
const routes = Object.keys(manifest).filter((name) => name.endsWith(SPLIT));
if (entries.length === 0 || routes.length < 10)
  throw new Error('The manifest names no entry or hardly a route: has its form changed?');

const rows = routes.map((route) => {
  const files = new Set();
  for (const name of [...entries, ...routesAround(route.slice(0, -SPLIT.length))]) closure(name, files);
  const total = [...files].reduce((sum, name) => sum + size(name), 0);
  return { route: route.slice('src/routes/'.length, -SPLIT.length), total };
});
rows.sort((a, b) => b.total - a.total);
for (const { route, total } of rows) process.stdout.write(`${(total / 1024).toFixed(1).padStart(6)} KB  ${route}\n`);
const above = rows.filter(({ total }) => total > LIMIT);
if (above.length > 0) {
  process.stderr.write(`Above the limit of ${LIMIT / 1024} KB: ${above.map(({ route }) => route).join(', ')}\n`);
  process.exit(1);
}
