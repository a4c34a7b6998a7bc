import type { CancelReason } from '@/api/types';

/** Why jobs are cancelled, in words. */
export const REASONS: Record<CancelReason, string> = {
  cost_concern: 'Cost exceeding budget',
  poor_performance: 'Poor training performance/metrics',
  wrong_config: 'Incorrect configuration',
  no_longer_needed: 'No longer needed',
  other: 'Other reason',
  budget: 'The budget was used up',
  max_duration: 'The maximum duration was reached',
};

/** Those that a person may choose; the others are the system's. */
export const CHOICES = ['cost_concern', 'poor_performance', 'wrong_config', 'no_longer_needed', 'other'] as const;
