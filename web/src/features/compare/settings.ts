/** In what the settings of several runs differ. */
import type { Job } from '@/api/types';
import { duration, hourlyRate, integer, moduleNames, percent, scientific, words } from '@/lib/format';

const onOff = (value: boolean | undefined) => (value ? 'On' : 'Off');

/** Every setting of a run, as it is shown. */
const SETTINGS: [label: string, text: (job: Job) => string][] = [
  ['Dataset', (job) => job.datasetName],
  ['Training pairs', (job) => integer(job.datasetPairs)],
  ['Preset', (job) => words(job.presetId)],
  ['Base model', (job) => job.baseModel],
  ['Machine', (job) => job.instanceName],
  ['GPUs', (job) => integer(job.gpuConfig.numGPUs)],
  ['Spot', (job) => onOff(job.gpuConfig.spot)],
  ['Rate', (job) => hourlyRate(job.hourlyRate)],
  ['Learning rate', (job) => scientific(job.hyperparameters.learningRate)],
  ['Batch size', (job) => integer(job.hyperparameters.batchSize)],
  ['Gradient accumulation', (job) => integer(job.hyperparameters.gradientAccumulationSteps)],
  ['Epochs', (job) => integer(job.hyperparameters.numEpochs)],
  ['LoRA rank', (job) => integer(job.hyperparameters.loraRank)],
  ['LoRA alpha', (job) => String(job.hyperparameters.loraAlpha)],
  ['LoRA dropout', (job) => String(job.hyperparameters.loraDropout)],
  ['Target modules', (job) => moduleNames(job.hyperparameters.targetModules)],
  ['rsLoRA', (job) => onOff(job.hyperparameters.useRslora)],
  ['Layers', (job) => job.hyperparameters.layersToTransform?.join(', ') ?? 'All'],
  ['Sequence length', (job) => integer(job.hyperparameters.maxSeqLength)],
  ['Optimizer', (job) => job.hyperparameters.optimizerType],
  ['Scheduler', (job) => words(job.hyperparameters.scheduler)],
  ['Warmup ratio', (job) => String(job.hyperparameters.warmupRatio)],
  ['Warmup steps', (job) => integer(job.hyperparameters.warmupSteps)],
  ['Weight decay', (job) => String(job.hyperparameters.weightDecay)],
  ['Gradient clipping', (job) => String(job.hyperparameters.maxGradNorm)],
  ['Validation split', (job) => percent(100 * job.settings.validationSplitRatio)],
  ['Packing', (job) => onOff(job.settings.packing)],
  ['Overlong examples', (job) => words(job.settings.overlongExamples)],
  ['Base model weights', (job) => job.settings.precision],
  ['Evaluation questions', (job) => integer(job.settings.evaluationExamples)],
  ['Checkpoint interval', (job) => integer(job.settings.checkpointInterval)],
  [
    'Early stopping',
    (job) =>
      job.settings.earlyStoppingPatience === undefined
        ? 'Off'
        : `after ${integer(job.settings.earlyStoppingPatience)} validations`,
  ],
  ['Maximum duration', (job) => duration(3600 * job.settings.maxDurationHours)],
  ['Seed', (job) => String(job.settings.seed)],
];

export interface Row {
  label: string;
  /** One a run, in their order. */
  values: string[];
}

/** The settings that are not the same in all runs, and how many are. */
export function differingSettings(jobs: Job[]): { rows: Row[]; same: number } {
  const all = SETTINGS.map(([label, text]) => ({ label, values: jobs.map(text) }));
  const rows = all.filter(({ values }) => new Set(values).size > 1);
  return { rows, same: all.length - rows.length };
}

/** Index of the least of the numbers that are known; none where fewer than two are, or all are alike. */
export function least(values: (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  const min = Math.min(...known);
  if (known.length < 2 || known.every((value) => value === min)) return undefined;
  return values.indexOf(min);
}
