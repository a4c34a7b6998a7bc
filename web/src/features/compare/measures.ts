import type { Job } from '@/api/types';
import { bytes, decimal, duration, integer, percent, usd } from '@/lib/format';

interface Measure {
  label: string;
  value: (job: Job) => number | undefined;
  text: (value: number) => string;
  /** Whether less of it is better, so that the least is marked. */
  less?: true;
}

const loss = (value: number) => decimal(value, 4);

/** What is measured of a run: the final figures once it is done, the latest before. */
export const MEASURES: Measure[] = [
  { label: 'Progress', value: (job) => job.progress, text: percent },
  { label: 'Steps done', value: (job) => job.summary?.totalSteps ?? job.currentStep, text: integer },
  {
    label: 'Training loss',
    value: (job) => job.summary?.finalTrainingLoss ?? job.currentMetrics?.trainingLoss,
    text: loss,
    less: true,
  },
  {
    label: 'Validation loss',
    value: (job) => job.summary?.finalValidationLoss ?? job.currentMetrics?.validationLoss,
    text: loss,
    less: true,
  },
  { label: 'Validation loss before training', value: (job) => job.summary?.initialValidationLoss, text: loss },
  {
    label: 'Tokens a second',
    value: (job) => job.summary?.tokensPerSecond ?? job.currentMetrics?.throughput,
    text: integer,
  },
  {
    label: 'Memory at most',
    value: (job) => job.summary?.peakMemoryBytes,
    text: bytes,
    less: true,
  },
  {
    label: 'Billed time',
    value: (job) => (job.startedAt ? job.elapsedSeconds : undefined),
    text: duration,
    less: true,
  },
  { label: 'Estimated cost', value: (job) => job.estimatedTotalCost, text: usd },
  { label: 'Cost', value: (job) => job.finalCost ?? job.currentCost, text: usd, less: true },
];
