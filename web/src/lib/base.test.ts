import { expect, it } from 'vitest';
import { basePath } from './base';

it('is the path above the built files', () => {
  expect(basePath('https://example.org/assets/index-1a2b.js')).toBe('');
  expect(basePath('https://example.org/brightrun/assets/index-1a2b.js')).toBe('/brightrun');
  expect(basePath('http://127.0.0.1:3000/a/b/assets/x.js')).toBe('/a/b');
});
