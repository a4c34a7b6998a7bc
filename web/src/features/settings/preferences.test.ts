import { describe, expect, it } from 'vitest';
import { inOrder, kindOf } from './kinds';
import { changes } from './preferences';

const on = { inApp: true, mail: true, webhook: true };

describe('changes', () => {
  it('names the channels that differ, and no others', () => {
    expect(changes({ job_failed: on, system: on }, { job_failed: { ...on, mail: false }, system: on })).toEqual({
      job_failed: { mail: false },
    });
  });

  it('is empty where nothing differs', () => expect(changes({ system: on }, { system: { ...on } })).toEqual({}));
});

describe('kinds', () => {
  it('show also what the page does not know', () => {
    expect(kindOf('moon_phase').label).toBe('moon phase');
    expect(inOrder(['moon_phase', 'system', 'job_queued'])).toEqual(['job_queued', 'system', 'moon_phase']);
  });
});
