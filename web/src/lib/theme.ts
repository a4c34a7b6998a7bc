import { useSyncExternalStore } from 'react';

/** What the reader chose: always light, always dark, or as the system does. */
export type Theme = 'light' | 'dark' | 'system';

const KEY = 'brightrun-theme';
const prefersDark = () => window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

/** The choice that was kept, or `system`. */
export function readTheme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : 'system';
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
    return 'system';
  }
}

let chosen: Theme = 'system';

/** What is shown. */
export const isDark = () => chosen === 'dark' || (chosen === 'system' && prefersDark().matches);

function apply() {
  document.documentElement.classList.toggle('dark', isDark());
  for (const listener of listeners) listener();
}

/** Shows the theme that was kept, and follows the system and the other tabs from then on. */
export function startTheme(): void {
  chosen = readTheme();
  apply();
  prefersDark().addEventListener('change', apply);
  window.addEventListener('storage', (event) => {
    if (event.key !== KEY) return;
    chosen = readTheme();
    apply();
  });
}

export function setTheme(theme: Theme): void {
  chosen = theme;
  try {
    if (theme === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // See above.
  }
  apply();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The choice, and whether dark is shown. */
export function useTheme(): { theme: Theme; dark: boolean } {
  const theme = useSyncExternalStore(subscribe, () => chosen);
  const dark = useSyncExternalStore(subscribe, isDark);
  return { theme, dark };
}
