import { expect, it } from 'vitest';
import { detailRows } from './details';

it('shows a change as before and after', () => {
  expect(detailRows({ from: 'user', to: 'billing_admin' })).toEqual([
    { label: 'Change', value: 'user → billing_admin' },
  ]);
});

it('of many values shows those that changed', () => {
  const from = { displayName: null, ratePerHour: 2.49, offered: true };
  expect(detailRows({ instance: 'h100-80gb', from, to: { ...from, ratePerHour: 3, offered: false } })).toEqual([
    { label: 'Instance', value: 'h100-80gb' },
    { label: 'Rate per hour', value: '2.49 → 3' },
    { label: 'Offered', value: 'true → false' },
  ]);
});

it('shows whatever else there is, and nothing for nothing', () => {
  expect(detailRows({ scope: 'read', expires_at: null, ids: [1, 2] })).toEqual([
    { label: 'Scope', value: 'read' },
    { label: 'Expires at', value: '–' },
    { label: 'Ids', value: '[1,2]' },
  ]);
  expect(detailRows(undefined)).toEqual([]);
  expect(detailRows('text')).toEqual([]);
});
