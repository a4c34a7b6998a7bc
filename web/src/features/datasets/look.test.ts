import { expect, it } from 'vitest';
import type { FindingGroup } from '@/api/types';
import { issues, personas, qualityColour, readiness } from './look';

const group = (severity: FindingGroup['severity'], code: string): FindingGroup => ({
  code,
  severity,
  count: 1,
  findings: [],
});
const cell = (persona: string, arc: string, pairs: number) => ({
  persona,
  personaName: persona.toUpperCase(),
  arc,
  pairs,
});

it('adds up personas and gives each a colour of its own', () => {
  const shares = personas([
    cell('anxious_planner', 'fear_to_confidence', 3),
    cell('tinkerer', 'a_to_b', 9),
    cell('anxious_planner', 'confusion_to_clarity', 5),
    cell('unknown', 'unknown', 1),
  ]);
  expect(shares.map(({ key, pairs, colour }) => [key, pairs, colour])).toEqual([
    ['tinkerer', 9, '#8B5CF6'],
    ['anxious_planner', 8, '#3B82F6'],
    ['unknown', 1, '#6B7280'],
  ]);
  expect(shares[1]?.arcs.map((arc) => arc.pairs)).toEqual([5, 3]);
});

it('a warning asks for review, a note does not', () => {
  const ready = { status: 'ready', trainingReady: true } as const;
  expect(readiness({ ...ready, findings: [group('info', 'a')] })).toBe('ready');
  expect(readiness({ ...ready, findings: [group('warning', 'a')] })).toBe('review');
  expect(readiness({ ...ready, trainingReady: false, findings: [] })).toBe('review');
  expect(readiness({ status: 'error', trainingReady: false, findings: [] })).toBe('unusable');
  expect(readiness({ status: 'validating', trainingReady: false, findings: [] })).toBe('validating');
});

it('puts errors first', () => {
  expect(issues([group('warning', 'w'), group('info', 'i'), group('error', 'e')]).map((g) => g.code)).toEqual([
    'e',
    'w',
  ]);
});

it('colours quality by the steps of the design', () => {
  expect([4, 3.9, 2, 1.9].map((score) => qualityColour(score).text)).toEqual([
    'text-green-700',
    'text-blue-700',
    'text-yellow-700',
    'text-red-700',
  ]);
});
