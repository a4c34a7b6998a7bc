import { expect, it } from 'vitest';
import { computeState } from './compute';

const well = { data: { status: 'ok' }, failed: false };
const machines = (...available: boolean[]) => ({
  data: { instanceTypes: available.map((there, n) => ({ displayName: `Machine ${n}`, available: there })) },
  failed: false,
});
const unknown = { data: undefined, failed: false };

it('says which machines are there', () => {
  expect(computeState(well, machines(false, true))).toMatchObject({ level: 'ready', text: 'Machine 1 ready' });
  expect(computeState(well, machines(true, true))).toMatchObject({ text: '2 instance types ready' });
  expect(computeState(well, machines(false))).toMatchObject({ level: 'short', text: 'No compute available' });
});

it('says so when the server is unwell or away, whatever was known before', () => {
  const unwell = { data: { status: 'unavailable', problems: ['storage: no answer'] }, failed: false };
  expect(computeState(unwell, machines(true))).toMatchObject({ level: 'broken', detail: 'storage: no answer' });
  expect(computeState({ ...well, failed: true }, machines(true))).toMatchObject({ text: 'Server not reached' });
});

it('says nothing before it knows', () => {
  expect(computeState(unknown, unknown)).toBeUndefined();
  expect(computeState(well, { ...unknown, failed: true })).toMatchObject({ text: 'Compute status unknown' });
});
