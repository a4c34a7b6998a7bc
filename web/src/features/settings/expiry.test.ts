import { describe, expect, it } from 'vitest';
import { expiryOf, isOver } from './expiry';

const NOW = Date.parse('2026-01-31T12:00:00Z');

describe('expiryOf', () => {
  it('counts days from now', () => {
    expect(expiryOf('30', NOW)).toBe('2026-03-02T12:00:00.000Z');
    expect(expiryOf('365', NOW)).toBe('2027-01-31T12:00:00.000Z');
  });

  it('is nothing for a key that does not end by itself', () => expect(expiryOf('never', NOW)).toBeUndefined());
});

describe('isOver', () => {
  it('is so from the very moment on', () => {
    expect(isOver('2026-01-31T12:00:00Z', NOW)).toBe(true);
    expect(isOver('2026-01-31T12:00:01Z', NOW)).toBe(false);
    expect(isOver(undefined, NOW)).toBe(false);
  });
});
