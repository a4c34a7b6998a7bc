import type { JobDetail, LogLine, MetricsPoint } from '@/api/types';

/** The events of a job's stream, by name. `complete`, `error` and `cancelled` end it. */
interface StreamEvents {
  progress: {
    progress: number;
    currentEpoch: number;
    currentStep: number;
    totalSteps: number;
    totalEpochs: number;
    estimatedTimeRemaining?: number;
  };
  metrics: Omit<MetricsPoint, 'timestamp'> & { perplexity?: number };
  stage: { stage: JobDetail['currentStage']; group?: JobDetail['stages'][number]['stage']; message: string };
  cost: { currentCost: number; estimatedTotal: number };
  log: { level: LogLine['level']; message: string };
  checkpoint: { checkpointId: string; step: number; epoch: number; loss: number };
  queue: { position?: number; queuePosition?: number };
  complete: { jobId: string; artifactId: string; finalCost: number };
  error: { error: string; canRetry: boolean };
  cancelled: Record<string, unknown>;
}

export type EventName = keyof StreamEvents;
export const EVENT_NAMES = [
  'progress',
  'metrics',
  'stage',
  'cost',
  'log',
  'checkpoint',
  'queue',
  'complete',
  'error',
  'cancelled',
] as const satisfies EventName[];

export type StreamEvent = { [N in EventName]: { name: N; seq: number; at: string; data: StreamEvents[N] } }[EventName];

/** Whether the stream ends with it. */
export const isTerminal = (name: EventName): name is 'complete' | 'error' | 'cancelled' =>
  name === 'complete' || name === 'error' || name === 'cancelled';

/**
 * Whether the event changes more of the job than it says itself: times of stages, the state after a retry, sizes of files. The job is then
 * asked for again.
 */
export const needsRefetch = (name: EventName) => isTerminal(name) || name === 'stage' || name === 'checkpoint';

/** Log lines kept beside the job. */
const LOG_LINES = 500;

/** The job after an event. An event that the job already knows changes nothing. */
export function applyEvent(job: JobDetail, event: StreamEvent): JobDetail {
  if (event.seq <= job.lastEventSeq) return job;
  return { ...changed(job, event), lastEventSeq: event.seq };
}

function changed(job: JobDetail, event: StreamEvent): JobDetail {
  switch (event.name) {
    case 'progress': {
      const { progress, currentEpoch, currentStep, totalSteps, totalEpochs, estimatedTimeRemaining } = event.data;
      const known = { currentEpoch, currentStep, totalSteps, totalEpochs, estimatedTimeRemaining };
      return { ...job, ...known, status: 'running', progress: Math.max(job.progress, progress) };
    }
    case 'metrics':
      return withMetrics(job, event.data);
    case 'stage':
      return { ...job, currentStage: event.data.stage, stageMessage: event.data.message };
    case 'cost':
      return { ...job, currentCost: event.data.currentCost };
    case 'log': {
      const line: LogLine = { ...event.data, timestamp: event.at };
      return { ...job, logs: [...job.logs, line].slice(-LOG_LINES) };
    }
    case 'queue':
      return { ...job, queuePosition: event.data.queuePosition ?? event.data.position };
    default:
      return job;
  }
}

/** The latest figures and those before. What an event does not say stays as it was. */
function withMetrics(job: JobDetail, data: StreamEvents['metrics']): JobDetail {
  const { epoch: _, step, ...figures } = data;
  const before = job.currentMetrics;
  const moved = before !== undefined && step !== job.currentStep;
  return {
    ...job,
    currentMetrics: { ...before, ...figures },
    previousMetrics: moved ? before : job.previousMetrics,
  };
}

/** The loss curve with a step's figures added; a step that is repeated after a resume replaces the first. */
export function addPoint(points: MetricsPoint[], point: MetricsPoint): MetricsPoint[] {
  const last = points.at(-1);
  if (!last || last.step < point.step) return [...points, point];
  const same = points.findIndex(({ step }) => step === point.step);
  if (same >= 0) return points.with(same, { ...points[same], ...point });
  const after = points.findIndex(({ step }) => step > point.step);
  return points.toSpliced(after, 0, point);
}
