import { describe, expect, it } from 'vitest';
import { budgetFault, budgetOf } from './budget';

describe('budgetFault', () => {
  it.each(['', '  ', '0', '250', '99.50', ' 10 '])('takes %j', (typed) =>
    expect(budgetFault(typed, 500)).toBeUndefined(),
  );

  it.each(['-1', '1e3', '9.999', 'many', '1,000'])('refuses %j', (typed) =>
    expect(budgetFault(typed, undefined)).toContain('amount'),
  );

  it('refuses more than is allowed', () => {
    expect(budgetFault('501', 500)).toContain('$500');
    expect(budgetFault('501', undefined)).toBeUndefined();
  });
});

describe('budgetOf', () => {
  it('is null for nothing', () => {
    expect(budgetOf(' ')).toBeNull();
    expect(budgetOf('99.50')).toBe(99.5);
    expect(budgetOf('0')).toBe(0);
  });
});
