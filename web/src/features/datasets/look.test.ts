import { expect, it } from 'vitest';
import { personas, qualityColour, readiness } from './look';

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

it('whatever asks for attention asks for review', () => {
  const ready = { status: 'ready', trainingReady: true, readinessIssues: [] } as const;
  const of = (dataset: Partial<Parameters<typeof readiness>[0]>) => readiness({ ...ready, ...dataset } as never);
  expect(of({})).toBe('ready');
  expect(of({ readinessIssues: ['Few pairs'] })).toBe('review');
  expect(of({ trainingReady: false })).toBe('review');
  expect(of({ status: 'error' })).toBe('unusable');
  expect(of({ status: 'validating' })).toBe('validating');
});

it('colours quality by the steps of the design', () => {
  expect([4, 3.9, 2, 1.9].map((score) => qualityColour(score).text)).toEqual([
    'text-green-700',
    'text-blue-700',
    'text-yellow-700',
    'text-red-700',
  ]);
});
