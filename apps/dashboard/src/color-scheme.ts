import type { MantineColorSchemeManager } from '@mantine/core';

/** Marks the document before the first paint, in place of the inline script that Mantine offers for it. */
export function markColorScheme(): void {
  const dark = window.matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
}

/** The system decides; nothing is remembered in the browser. */
export const systemColorScheme: MantineColorSchemeManager = {
  get: (fallback) => fallback,
  set: () => {},
  subscribe: () => {},
  unsubscribe: () => {},
  clear: () => {},
};
