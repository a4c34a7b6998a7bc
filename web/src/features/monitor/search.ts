/** What the address says about how a job is looked at. */
export interface MonitorSearch {
  /** How much the training loss is smoothed, from 0 to 0.95. */
  smooth?: number | undefined;
  /** Whether the loss axis is logarithmic. */
  log?: true | undefined;
  /** The steps that are shown, where not all are. */
  from?: number | undefined;
  to?: number | undefined;
  /** Which log lines are shown, and what they contain. */
  level?: 'warning' | 'error' | undefined;
  q?: string | undefined;
  /** The example that is shown, from 1. */
  example?: number | undefined;
}

export const MOST_SMOOTH = 0.95;

const whole = (value: unknown) => (Number.isInteger(value) && Number(value) >= 0 ? Number(value) : undefined);

/** Reads what it knows and drops the rest. */
export function parseMonitorSearch(raw: Record<string, unknown>): MonitorSearch {
  const smooth = typeof raw.smooth === 'number' && raw.smooth > 0 ? Math.min(raw.smooth, MOST_SMOOTH) : undefined;
  const [from, to] = [whole(raw.from), whole(raw.to)];
  const level = raw.level === 'warning' || raw.level === 'error' ? raw.level : undefined;
  const q = typeof raw.q === 'string' || typeof raw.q === 'number' ? String(raw.q) : undefined;
  return {
    ...(smooth !== undefined && { smooth }),
    ...(raw.log === true && { log: true }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && (from === undefined || to > from) && { to }),
    ...(level && { level }),
    ...(q && { q }),
    ...(whole(raw.example) && { example: whole(raw.example) }),
  };
}
