import { expect, it } from 'vitest';
import type { LogLine } from '@/api/types';
import { filterLogs, logText } from './logs';

const line = (level: LogLine['level'], message: string): LogLine => ({
  level,
  message,
  timestamp: '2026-11-23T12:00:00Z',
});
const lines = [line('info', 'Epoch 1'), line('warning', 'Text cut'), line('error', 'Out of memory')];

it('shows a level and what is worse', () => {
  expect(filterLogs(lines, {})).toHaveLength(3);
  expect(filterLogs(lines, { level: 'warning' }).map(({ message }) => message)).toEqual(['Text cut', 'Out of memory']);
});

it('searches in any case', () => {
  expect(filterLogs(lines, { q: ' MEMORY ' }).map(({ level }) => level)).toEqual(['error']);
  expect(filterLogs(lines, { level: 'error', q: 'epoch' })).toEqual([]);
});

it('writes a line a row', () => expect(logText(line('info', 'Epoch 1'))).toBe('2026-11-23T12:00:00Z INFO Epoch 1\n'));
