import { describe, expect, it } from 'vitest';
import { tokenOf } from './link';

describe('tokenOf', () => {
  it('reads the token with and without the number sign', () => {
    expect(tokenOf('#token=abc')).toBe('abc');
    expect(tokenOf('token=abc')).toBe('abc');
  });

  it('knows that there is none', () => {
    expect(tokenOf('')).toBeUndefined();
    expect(tokenOf('#token=')).toBeUndefined();
    expect(tokenOf('#main')).toBeUndefined();
  });
});
