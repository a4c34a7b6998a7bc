/** What the address of a comparison says. */
export const FEWEST = 2;
export const MOST = 6;
export const SHOWN = ['both', 'training', 'validation'] as const;

export interface CompareSearch {
  /** Ids of jobs, separated by commas. */
  jobs: string;
  /** Which losses are drawn. */
  losses: (typeof SHOWN)[number];
  log?: true | undefined;
}

export const DEFAULTS = { jobs: '', losses: 'both' } as const satisfies CompareSearch;

/** The ids of an address, each once and no more than can be told apart. */
export function idsOf(jobs: string | undefined): string[] {
  const ids = (jobs ?? '').split(',').map((id) => id.trim());
  return [...new Set(ids.filter(Boolean))].slice(0, MOST);
}

/** With the id, or without it where it was among them. */
export function toggled(jobs: string | undefined, id: string): string | undefined {
  const ids = idsOf(jobs);
  const next = ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id];
  return next.slice(0, MOST).join(',') || undefined;
}

/** Reads what it knows and drops the rest. */
export function parseCompareSearch(raw: { [K in keyof CompareSearch]?: unknown }): CompareSearch {
  return {
    jobs: typeof raw.jobs === 'string' ? raw.jobs : '',
    losses: SHOWN.find((losses) => losses === raw.losses) ?? DEFAULTS.losses,
    ...(raw.log === true && { log: true }),
  };
}
