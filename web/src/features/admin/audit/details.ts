import { UNKNOWN } from '@/lib/format';

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `ratePerHour` → `Rate per hour`. */
function labelOf(key: string): string {
  const spaced = key
    .replaceAll('_', ' ')
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function text(value: unknown): string {
  if (value === null || value === undefined || value === '') return UNKNOWN;
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value);
}

/** The details of a line as rows. What was changed is one row: before → after; what stayed the same is left out. */
export function detailRows(details: unknown): { label: string; value: string }[] {
  if (!isFields(details)) return [];
  const { from, to, ...others } = details;
  const rows = Object.entries(others).map(([key, value]) => ({ label: labelOf(key), value: text(value) }));
  if (!('from' in details) && !('to' in details)) return rows;
  if (!isFields(from) || !isFields(to)) return [...rows, { label: 'Change', value: `${text(from)} → ${text(to)}` }];
  const changed = Object.keys({ ...from, ...to }).filter((key) => text(from[key]) !== text(to[key]));
  return [...rows, ...changed.map((key) => ({ label: labelOf(key), value: `${text(from[key])} → ${text(to[key])}` }))];
}
