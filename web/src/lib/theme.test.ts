import { beforeEach, expect, it, vi } from 'vitest';
import { isDark, readTheme, setTheme, startTheme } from './theme';

let systemIsDark = false;
let systemChanged: () => void = () => undefined;

beforeEach(() => {
  localStorage.clear();
  systemIsDark = false;
  vi.spyOn(window, 'matchMedia').mockImplementation(
    () =>
      ({
        get matches() {
          return systemIsDark;
        },
        addEventListener: (_: string, listener: () => void) => {
          systemChanged = listener;
        },
      }) as unknown as MediaQueryList,
  );
});

const shown = () => document.documentElement.classList.contains('dark');

it('follows the system until something is chosen, and keeps the choice', () => {
  systemIsDark = true;
  startTheme();
  expect(shown()).toBe(true);
  systemIsDark = false;
  systemChanged();
  expect(shown()).toBe(false);

  setTheme('dark');
  expect(shown() && isDark()).toBe(true);
  expect(readTheme()).toBe('dark');
  startTheme();
  expect(shown()).toBe(true);
  setTheme('system');
  expect(shown()).toBe(false);
  expect(readTheme()).toBe('system');
});

it('takes a choice that makes no sense for none', () => {
  localStorage.setItem('brightrun-theme', 'purple');
  expect(readTheme()).toBe('system');
});
