import { expect, it } from 'vitest';
import { isMissingPart } from './outdated';

it('tells a part that could not be fetched from other errors', () => {
  for (const message of [
    'Failed to fetch dynamically imported module: http://127.0.0.1/assets/keys-1.js',
    'error loading dynamically imported module: http://127.0.0.1/assets/keys-1.js',
    'Importing a module script failed.',
    'Unable to preload CSS for /assets/keys-1.css',
  ])
    expect(isMissingPart(new TypeError(message))).toBe(true);
  expect(isMissingPart(new TypeError('Failed to fetch'))).toBe(false);
  expect(isMissingPart(null)).toBe(false);
});
