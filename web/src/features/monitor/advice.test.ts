import { expect, it } from 'vitest';
import { adviceFor } from './advice';

it('says what to change where that is known', () => {
  expect(adviceFor('out_of_memory')[0]).toContain('batch size');
  expect(adviceFor('loss_not_finite')[0]).toContain('learning rate');
  expect(adviceFor('loss_exploded')[0]).toContain('learning rate');
  expect(adviceFor('never heard of')).toEqual([]);
  expect(adviceFor(undefined)).toEqual([]);
});
