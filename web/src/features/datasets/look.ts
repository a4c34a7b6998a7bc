import type { Dataset, ScaffoldingCell } from '@/api/types';

/** Colours of known personas; others take the next of the rotation. */
const PERSONA_COLOURS: Record<string, string> = {
  anxious_planner: '#3B82F6',
  overwhelmed_avoider: '#F59E0B',
  pragmatic_optimist: '#10B981',
};
const ROTATION = ['#8B5CF6', '#EC4899', '#06B6D4', '#F97316', '#3B82F6', '#F59E0B', '#10B981'];
const UNKNOWN_COLOUR = '#6B7280';

export interface PersonaShare {
  key: string;
  name: string;
  colour: string;
  pairs: number;
  arcs: { key: string; pairs: number }[];
}

/** Pairs per persona, most frequent first, each with its arcs. */
export function personas(cells: ScaffoldingCell[]): PersonaShare[] {
  const shares = new Map<string, PersonaShare>();
  for (const cell of cells) {
    const share = shares.get(cell.persona) ?? {
      key: cell.persona,
      name: cell.personaName || cell.persona,
      colour: '',
      pairs: 0,
      arcs: [],
    };
    share.pairs += cell.pairs;
    share.arcs.push({ key: cell.arc, pairs: cell.pairs });
    shares.set(cell.persona, share);
  }
  const sorted = [...shares.values()].sort((a, b) => b.pairs - a.pairs || a.key.localeCompare(b.key));
  let next = 0;
  for (const share of sorted) {
    share.arcs.sort((a, b) => b.pairs - a.pairs || a.key.localeCompare(b.key));
    share.colour =
      share.key === 'unknown'
        ? UNKNOWN_COLOUR
        : (PERSONA_COLOURS[share.key] ?? ROTATION[next++ % ROTATION.length] ?? UNKNOWN_COLOUR);
  }
  return sorted;
}

/** The colour of each persona by its key and by its name. */
export function coloursOf(cells: ScaffoldingCell[]): Map<string, string> {
  return new Map(
    personas(cells).flatMap(({ key, name, colour }) => [
      [key, colour],
      [name, colour],
    ]),
  );
}

/** Short label of a format: `v4`, `v3`, `OpenAI chat`. */
export function formatLabel(format: Dataset['format']): string {
  const labels: Record<Dataset['format'], string> = {
    'brightrun-lora-v4': 'v4',
    'brightrun-lora-v3': 'v3',
    'openai-chat': 'OpenAI chat',
    sharegpt: 'ShareGPT',
    alpaca: 'Alpaca',
    'prompt-completion': 'Prompts',
  };
  return labels[format];
}

/** Text colour and tint of a quality score from 1 to 5. */
export function qualityColour(score: number): { text: string; tint: string } {
  if (score >= 4) return { text: 'text-green-700', tint: 'bg-green-100' };
  if (score >= 3) return { text: 'text-blue-700', tint: 'bg-blue-100' };
  if (score >= 2) return { text: 'text-yellow-700', tint: 'bg-yellow-100' };
  return { text: 'text-red-700', tint: 'bg-red-100' };
}

export type Readiness = 'uploading' | 'validating' | 'ready' | 'review' | 'unusable';

/** What a data set is good for. "review" means that it can be trained on but has warnings, or that it is valid yet not trainable. */
export function readiness(dataset: Pick<Dataset, 'status' | 'trainingReady' | 'readinessIssues'>): Readiness {
  if (dataset.status === 'uploading' || dataset.status === 'validating') return dataset.status;
  if (dataset.status === 'error') return 'unusable';
  return dataset.trainingReady && dataset.readinessIssues.length === 0 ? 'ready' : 'review';
}
