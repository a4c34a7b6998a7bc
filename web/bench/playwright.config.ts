import { defineConfig } from '@playwright/test';
import base from '../playwright.config';

/** `make bench-page`: not among the tests, as its figures depend on what else the machine does. */
export default defineConfig(base, {
  testDir: '.',
  testMatch: 'page.bench.ts',
  outputDir: '../test-results/bench',
  reporter: 'line',
  timeout: 30 * 60_000,
});
