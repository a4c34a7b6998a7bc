import { expect, it } from 'vitest';
import { costLevel } from './cost-level';

it('warns from 80 % on and is exceeded above the estimate', () => {
  expect(costLevel(7.9, 10)).toEqual({ percent: 79, level: 'normal' });
  expect(costLevel(8, 10).level).toBe('warning');
  expect(costLevel(10, 10).level).toBe('warning');
  expect(costLevel(12.1, 10)).toEqual({ percent: 121, level: 'exceeded' });
});

it('does not alarm over what reads the same', () => {
  expect(costLevel(0.1201, 0.1199)).toEqual({ percent: 100, level: 'warning' });
  expect(costLevel(0, 0)).toEqual({ percent: 0, level: 'normal' });
});
