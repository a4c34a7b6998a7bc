import type { LogLine } from '@/api/types';
import type { MonitorSearch } from './search';

const RANK: Record<LogLine['level'], number> = { info: 0, warning: 1, error: 2 };

/** The lines of at least a level that contain a text, in any case. */
export function filterLogs(lines: LogLine[], { level, q = '' }: Pick<MonitorSearch, 'level' | 'q'>): LogLine[] {
  const least = level ? RANK[level] : 0;
  const wanted = q.trim().toLowerCase();
  return lines.filter((line) => RANK[line.level] >= least && line.message.toLowerCase().includes(wanted));
}

/** A line as it stands in the file. */
export function logText({ timestamp, level, message }: LogLine): string {
  return `${timestamp} ${level.toUpperCase()} ${message}\n`;
}
