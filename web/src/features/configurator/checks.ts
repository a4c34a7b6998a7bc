import type { Catalogue, DatasetDetail, Estimate } from '@/api/types';
import { duration, durationRange, hourlyRate, plural, usd, usdRange } from '@/lib/format';
import type { Config } from './config';

export interface LaunchCheck {
  key: string;
  label: string;
  detail: string;
  status: 'complete' | 'warning' | 'incomplete';
}

export interface CheckInput {
  dataset: DatasetDetail;
  config: Config;
  problems: string[];
  catalogue: Catalogue;
  /** Of exactly this configuration; absent while it is being made. */
  estimate: Estimate | undefined;
  /** Why there is none. */
  estimateError: string | undefined;
}

/** What has to be in order before a launch. Warnings do not forbid it. */
export function launchChecks(input: CheckInput): LaunchCheck[] {
  return [datasetCheck(input), configCheck(input), machineCheck(input), ...estimateChecks(input), ...spotCheck(input)];
}

export const mayLaunch = (checks: LaunchCheck[]) => checks.every(({ status }) => status !== 'incomplete');

function datasetCheck({ dataset }: CheckInput): LaunchCheck {
  const check = { key: 'dataset', label: 'Dataset selected' };
  if (!dataset.trainingReady) {
    return { ...check, detail: 'This dataset cannot be trained on yet', status: 'incomplete' };
  }
  const issues = dataset.readinessIssues;
  return issues.length > 0
    ? {
        ...check,
        detail: `Validated, with ${plural(issues.length, 'point')} to review: ${issues.join(' ')}`,
        status: 'warning',
      }
    : { ...check, detail: 'Dataset validated', status: 'complete' };
}

function configCheck({ problems }: CheckInput): LaunchCheck {
  const check = { key: 'config', label: 'Configuration valid' };
  return problems.length > 0
    ? { ...check, detail: problems.join('. '), status: 'incomplete' }
    : { ...check, detail: 'All parameters within their ranges', status: 'complete' };
}

function machineCheck({ catalogue, config }: CheckInput): LaunchCheck {
  const instance = catalogue.instanceTypes.find(({ id }) => id === config.instanceType);
  const name = instance?.displayName ?? config.instanceType;
  return instance?.available
    ? { key: 'machine', label: 'Machine available', detail: name, status: 'complete' }
    : { key: 'machine', label: 'Machine available', detail: `${name} is not offered here`, status: 'incomplete' };
}

function estimateChecks({ estimate, estimateError, problems, config }: CheckInput): LaunchCheck[] {
  if (!estimate) {
    const detail = problems.length > 0 ? 'Needs a valid configuration' : (estimateError ?? 'Calculating...');
    return [
      { key: 'cost', label: 'Cost estimate', detail, status: 'incomplete' },
      { key: 'duration', label: 'Duration estimate', detail, status: 'incomplete' },
    ];
  }
  const { cost, duration: time, budget, hourlyRate: rate } = estimate;
  const range = durationRange(time.min, time.max);
  const tooDear = !budget.withinBudget;
  const tooLong = time.max > Number(config.run.maxDurationHours) * 3600;
  return [
    {
      key: 'cost',
      label: `Cost estimate: ${usdRange(cost.min, cost.max)}`,
      detail: tooDear
        ? `Exceeds what is left of the budget: ${usd(budget.remaining ?? 0)}`
        : `${range} at ${hourlyRate(rate)}`,
      status: tooDear ? 'incomplete' : 'complete',
    },
    {
      key: 'duration',
      label: `Duration estimate: ${range}`,
      detail: tooLong
        ? `May pass the maximum of ${duration(Number(config.run.maxDurationHours) * 3600)} and be stopped`
        : 'Estimated completion time',
      status: tooLong ? 'warning' : 'complete',
    },
  ];
}

function spotCheck({ config }: CheckInput): LaunchCheck[] {
  if (!config.spot) return [];
  return [
    { key: 'spot', label: 'Spot instance (may interrupt)', detail: 'Checkpoint recovery enabled', status: 'warning' },
  ];
}
