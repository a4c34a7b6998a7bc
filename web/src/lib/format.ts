/**
 * How figures are shown. Every number, date, duration, size and amount on the page goes through here, so that one figure looks the same
 * wherever it stands.
 */

const LOCALE = 'en-US';
const integers = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });

/** What stands where a figure is not known. */
export const UNKNOWN = '–';

/** `1567` → `1,567`. */
export function integer(value: number): string {
  return integers.format(value);
}

/** A fixed number of decimals, with thousands separators: `1.4` → `1.4000` for 4. */
export function decimal(value: number, digits: number): string {
  return value.toLocaleString(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A value from 0 to 100 as `42%`. */
export function percent(value: number, digits = 0): string {
  return `${decimal(value, digits)}%`;
}

/** How far something is: `42.9` → `42%`. Only what is done reads as 100 %. */
export function progress(value: number): string {
  return percent(Math.floor(value));
}

/** The least amount that is told apart from nothing. */
const LEAST = 0.0001;

/** An amount without its sign, as in `47.23`. Below one cent it keeps four decimals, so that a small cost does not read as nothing. */
export function amount(usd: number): string {
  if (usd > 0 && usd < LEAST) return `<${LEAST}`;
  const tiny = usd !== 0 && Math.abs(usd) < 0.01;
  return decimal(usd, tiny ? 4 : 2);
}

/** An amount in US dollars: `$47.23`, `$0.0031`, `<$0.0001`. */
export function usd(value: number): string {
  if (value > 0 && value < LEAST) return `<$${LEAST}`;
  return value < 0 ? `-$${amount(-value)}` : `$${amount(value)}`;
}

/** From this amount on the cents of a range say nothing. */
const WHOLE = 10;

/** `$6.10-$9.40`, `$45-$55`, or one amount when both ends read the same. */
export function usdRange(min: number, max: number): string {
  const [low, high] = amountRange(min, max);
  return high === undefined ? `$${low}` : `$${low}-$${high}`;
}

/** The ends of a range of amounts without their signs, or the one that both read as. Large ones are rounded outwards to whole dollars. */
export function amountRange(min: number, max: number): [string] | [string, string] {
  if (amount(min) === amount(max)) return [amount(min)];
  return min < WHOLE ? [amount(min), amount(max)] : [integer(Math.floor(min)), integer(Math.ceil(max))];
}

/** `$2.49/hr`. */
export function hourlyRate(usdPerHour: number): string {
  return `${usd(usdPerHour)}/hr`;
}

/** Seconds as `11h 28m`, `3m 42s` or `12s`. */
export function duration(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  if (hours > 0) return `${hours}h ${minutes}m`;
  if (minutes > 0) return `${minutes}m ${total % 60}s`;
  return `${total}s`;
}

/** A range of durations in its largest fitting unit: `10-12` and `h`, `0.4-1.5` and `h`, `2-7` and `m`, `20-50` and `s`. */
export function durationSpan(min: number, max: number): { value: string; unit: 'h' | 'm' | 's' } {
  const [unit, size] = max >= 3600 ? (['h', 3600] as const) : max >= 60 ? (['m', 60] as const) : (['s', 1] as const);
  // Below ten of a unit its tenths matter, but not tenths of a second.
  const digits = unit !== 's' && min / size < 10 ? 1 : 0;
  const text = (seconds: number) => String(Number((Math.max(0, seconds) / size).toFixed(digits)));
  const [low, high] = [text(min), text(max)];
  return { value: low === high ? low : `${low}-${high}`, unit };
}

/** `10-12h`, `2.2-6.5m`, or one duration when both ends read the same. */
export function durationRange(min: number, max: number): string {
  const { value, unit } = durationSpan(min, max);
  return `${value}${unit}`;
}

/** Bytes as `512 B`, `2.0 KB`, `4.4 MB`, `1.25 GB` (1 KB = 1024 B). */
export function bytes(value: number, digits = 1): string {
  if (value < 1024) return `${integer(value)} B`;
  if (value < 1024 ** 2) return `${decimal(value / 1024, digits)} KB`;
  if (value < 1024 ** 3) return `${decimal(value / 1024 ** 2, digits)} MB`;
  return `${decimal(value / 1024 ** 3, 2)} GB`;
}

/** Memory as machines have it: `68 GB`, `2.5 GB`; less than one as other sizes are. */
export function memory(value: number): string {
  const gigabytes = value / 1024 ** 3;
  return gigabytes < 1 ? bytes(value) : `${Number(gigabytes.toFixed(1)).toLocaleString(LOCALE)} GB`;
}

/** A learning rate as people write it: `0.0002` → `2e-4`, `0.00015` → `1.5e-4`. */
export function scientific(value: number): string {
  if (value === 0) return '0';
  const [mantissa = '0', exponent = '0'] = value.toExponential(2).split('e');
  return `${Number(mantissa)}e${Number(exponent)}`;
}

/** `Dec 10, 2024`, in the reader's time zone. */
export function date(iso: string): string {
  return new Date(iso).toLocaleDateString(LOCALE, { year: 'numeric', month: 'short', day: 'numeric' });
}

/** A day that is no instant, `2024-12-10`, as `Dec 10, 2024`; the first of a month as `Dec 2024`. */
export function calendarDay(day: string, length: 'day' | 'week' | 'month' = 'day'): string {
  return new Date(`${day.slice(0, 10)}T00:00:00Z`).toLocaleDateString(LOCALE, {
    timeZone: 'UTC',
    year: 'numeric',
    month: 'short',
    ...(length !== 'month' && { day: 'numeric' }),
  });
}

/** `December 2024`; months are counted in UTC, as costs are. */
export function monthName(at: number): string {
  return new Date(at).toLocaleDateString(LOCALE, { timeZone: 'UTC', year: 'numeric', month: 'long' });
}

/** `Dec 1, 2024, 08:00 AM`, in the reader's time zone. */
export function dateTime(iso: string): string {
  return new Date(iso).toLocaleString(LOCALE, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
}

/** `Nov 23, 2026 at 12:13 PM`, in the reader's time zone: as part of a sentence. */
export function dateAtTime(iso: string): string {
  return `${date(iso)} at ${new Date(iso).toLocaleTimeString(LOCALE, { hour: 'numeric', minute: '2-digit' })}`;
}

/** `12:13:07 PM`, in the reader's time zone. */
export function clockTime(at: string | number): string {
  return new Date(at).toLocaleTimeString(LOCALE);
}

/** How long ago: `just now`, `5m ago`, `2h ago`, `3d ago`. */
export function relativeTime(iso: string, now: number): string {
  const minutes = Math.floor((now - Date.parse(iso)) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes}m ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h ago` : `${Math.floor(hours / 24)}d ago`;
}

/** What is left until then: `29 days`, `5 hours`, `1 hour`, `less than an hour`. */
export function timeLeft(iso: string, now: number): string {
  const hours = (Date.parse(iso) - now) / 3_600_000;
  if (hours < 1) return 'less than an hour';
  return hours < 48 ? plural(Math.floor(hours), 'hour') : plural(Math.floor(hours / 24), 'day');
}

/** The first letters of up to two names: `Sarah Chen` → `SC`. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const picked = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return picked.map((word) => word?.[0]?.toUpperCase() ?? '').join('');
}

/** `1 pair`, `2 pairs`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${integer(count)} ${count === 1 ? one : many}`;
}

/** A key as words: `fear_to_confidence` → `fear to confidence`. */
export function words(key: string): string {
  return key.replaceAll('_', ' ');
}

/** The modules that get an adapter: names, or the pattern that chooses them. */
export function moduleNames(modules: string | string[]): string {
  return typeof modules === 'string' ? modules : [...modules].sort().join(', ');
}
