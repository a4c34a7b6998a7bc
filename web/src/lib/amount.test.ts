import { describe, expect, it } from 'vitest';
import { amountFault, amountOf } from './amount';

describe('amountFault', () => {
  it.each(['', '  ', '0', '250', '99.50', ' 10 '])('takes %j', (typed) =>
    expect(amountFault(typed, { most: 500 })).toBeUndefined(),
  );

  it.each(['-1', '1e3', '9.999', 'many', '1,000'])('refuses %j', (typed) =>
    expect(amountFault(typed)).toContain('amount'),
  );

  it('takes as many decimals as are asked for', () => {
    expect(amountFault('0.000001', { decimals: 6 })).toBeUndefined();
    expect(amountFault('0.0000001', { decimals: 6 })).toContain('amount');
  });

  it('refuses more than is allowed', () => {
    expect(amountFault('501', { most: 500, mostIs: ', which is what you are allowed' })).toBe(
      'At most $500.00, which is what you are allowed.',
    );
    expect(amountFault('501')).toBeUndefined();
  });
});

describe('amountOf', () => {
  it('is null for nothing', () => {
    expect(amountOf(' ')).toBeNull();
    expect(amountOf('99.50')).toBe(99.5);
    expect(amountOf('0')).toBe(0);
  });
});
