// What is built lies in `assets`, below the path that the server lies below; in development nothing is built.
const here = import.meta.url;

/** The path that all of the page and the API lies below, such as `/brightrun`; empty at the root. */
export const BASE = import.meta.env.DEV ? '' : basePath(here);

/** The path above the folder that a built file is in. */
export function basePath(file: string): string {
  return new URL('..', file).pathname.replace(/\/$/, '');
}
