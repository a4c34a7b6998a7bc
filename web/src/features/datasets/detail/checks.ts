import type { Dataset } from '@/api/types';
import { decimal, integer, percent } from '@/lib/format';

/** Pairs from which on a data set counts as large enough. */
const ENOUGH_PAIRS = 500;
/** Quality score from which on it counts as acceptable. */
const GOOD_QUALITY = 3;

export interface Check {
  label: string;
  detail: string;
  result: 'pass' | 'fail' | 'unknown';
}

/** The four checks that a reader looks at before training. None of them forbids it: `trainingReady` alone does. */
export function checks(
  dataset: Pick<Dataset, 'format' | 'totalTrainingPairs' | 'qualityScore' | 'humanReviewedPercent'>,
): Check[] {
  const { format, totalTrainingPairs: pairs, qualityScore: quality, humanReviewedPercent: reviewed } = dataset;
  const legacy = format === 'brightrun-lora-v3';
  const enough = pairs >= ENOUGH_PAIRS;
  return [
    {
      label: 'Format compatible',
      detail: legacy ? `${format} is legacy, an upgrade to v4 is recommended` : `${format} format`,
      result: legacy ? 'fail' : 'pass',
    },
    {
      label: 'Sufficient volume',
      detail: `${integer(pairs)} pairs (${enough ? 'reaches' : 'below'} the recommended ${ENOUGH_PAIRS})`,
      result: enough ? 'pass' : 'fail',
    },
    quality === undefined
      ? { label: 'Quality score', detail: 'The file carries no quality scores', result: 'unknown' }
      : {
          label: 'Quality score acceptable',
          detail: `${decimal(quality, 1)}/5.0 (${quality >= GOOD_QUALITY ? 'acceptable' : 'below 3.0'})`,
          result: quality >= GOOD_QUALITY ? 'pass' : 'fail',
        },
    reviewed === undefined
      ? { label: 'Human review', detail: 'The file does not say', result: 'unknown' }
      : { label: 'Human review', detail: `${percent(reviewed)} reviewed (optional)`, result: 'pass' },
  ];
}
