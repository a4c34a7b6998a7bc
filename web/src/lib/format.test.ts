import { describe, expect, it } from 'vitest';
import * as format from './format';

describe('amounts', () => {
  it.each([
    [47.23, '$47.23'],
    [0, '$0.00'],
    [1234.5, '$1,234.50'],
    [0.0031, '$0.0031'],
    [0.01, '$0.01'],
    [0.00003, '<$0.0001'],
    [-3.5, '-$3.50'],
  ])('%f is %s', (value, text) => expect(format.usd(value)).toBe(text));

  it('a range whose ends read the same is one amount', () => {
    expect(format.usdRange(6, 16)).toBe('$6.00-$16.00');
    expect(format.usdRange(45.3, 54.2)).toBe('$45-$55');
    expect(format.usdRange(45, 45.001)).toBe('$45.00');
    expect(format.usdRange(0.121, 0.1219)).toBe('$0.12');
  });
});

describe('durations', () => {
  it.each([
    [0, '0s'],
    [42.4, '42s'],
    [59.6, '1m 0s'],
    [222, '3m 42s'],
    [3600, '1h 0m'],
    [41_280, '11h 28m'],
    [-5, '0s'],
  ])('%f seconds is %s', (value, text) => expect(format.duration(value)).toBe(text));
});

describe('ranges of durations', () => {
  it.each([
    [36_000, 43_200, '10-12h'],
    [1440, 5400, '0.4-1.5h'],
    [130, 389, '2.2-6.5m'],
    [20, 50.4, '20-50s'],
    [20, 20.2, '20s'],
  ])('%f to %f seconds is %s', (min, max, text) => expect(format.durationRange(min, max)).toBe(text));
});

describe('memory', () => {
  it.each([
    [80 * 1024 ** 3, '80 GB'],
    [2.5 * 1024 ** 3, '2.5 GB'],
    [512 * 1024 ** 2, '512.0 MB'],
  ])('%f bytes is %s', (value, text) => expect(format.memory(value)).toBe(text));
});

describe('sizes', () => {
  it.each([
    [512, '512 B'],
    [2048, '2.0 KB'],
    [4_567_890, '4.4 MB'],
    [246 * 1024 ** 2, '246.0 MB'],
    [1.25 * 1024 ** 3, '1.25 GB'],
  ])('%f bytes is %s', (value, text) => expect(format.bytes(value)).toBe(text));
});

describe('learning rates', () => {
  it.each([
    [2e-4, '2e-4'],
    [1.5e-4, '1.5e-4'],
    [0.1, '1e-1'],
    [0, '0'],
  ])('%f is %s', (value, text) => expect(format.scientific(value)).toBe(text));
});

describe('times', () => {
  const now = Date.parse('2026-11-23T12:00:00Z');
  it.each([
    ['2026-11-23T11:59:30Z', 'just now'],
    ['2026-11-23T12:00:30Z', 'just now'],
    ['2026-11-23T11:55:00Z', '5m ago'],
    ['2026-11-23T09:30:00Z', '2h ago'],
    ['2026-11-20T09:30:00Z', '3d ago'],
  ])('%s is %s', (iso, text) => expect(format.relativeTime(iso, now)).toBe(text));
});

describe('days without a time', () => {
  it.each([
    ['2024-12-01', 'day', 'Dec 1, 2024'],
    ['2024-12-01', 'month', 'Dec 2024'],
  ] as const)('%s as a %s is %s', (day, length, text) => expect(format.calendarDay(day, length)).toBe(text));
});

it('a time within a sentence', () => {
  expect(format.dateAtTime('2026-11-23T12:13:00')).toBe('Nov 23, 2026 at 12:13 PM');
});

describe('what is left until then', () => {
  const now = Date.parse('2024-12-01T12:00:00Z');
  it.each([
    ['2024-12-31T11:00:00Z', '29 days'],
    ['2024-12-03T11:00:00Z', '47 hours'],
    ['2024-12-01T13:30:00Z', '1 hour'],
    ['2024-12-01T12:10:00Z', 'less than an hour'],
    ['2024-11-01T12:10:00Z', 'less than an hour'],
  ])('%s: %s', (iso, text) => expect(format.timeLeft(iso, now)).toBe(text));
});

describe('words and counts', () => {
  it('separates thousands', () => expect(format.integer(1567)).toBe('1,567'));
  it('counts', () => {
    expect(format.plural(1, 'pair')).toBe('1 pair');
    expect(format.plural(1200, 'pair')).toBe('1,200 pairs');
  });
  it('takes initials of the first and the last name', () => {
    expect(format.initials('Sarah Chen')).toBe('SC');
    expect(format.initials('  Ada  King Lovelace ')).toBe('AL');
    expect(format.initials('ada')).toBe('A');
    expect(format.initials('')).toBe('');
  });
  it('is done only when it is', () => expect(format.progress(99.97)).toBe('99%'));
  it('percentages', () => expect(format.percent(41.7)).toBe('42%'));
});
