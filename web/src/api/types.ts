/** Names for the API's types. */

export interface Pagination {
  page: number;
  pageSize: number;
  total: number;
  hasMore: boolean;
}

export interface User {
  id: string;
  email: string;
  name: string;
  role: 'user' | 'admin' | 'billing_admin';
  createdAt: string;
}

export type DatasetFormat =
  | 'brightrun-lora-v4'
  | 'brightrun-lora-v3'
  | 'openai-chat'
  | 'sharegpt'
  | 'alpaca'
  | 'prompt-completion';
export type DatasetStatus = 'uploading' | 'validating' | 'ready' | 'error';
export type Severity = 'info' | 'warning' | 'error';

export interface Finding {
  code: string;
  severity: Severity;
  line?: number | null;
  column?: number | null;
  pointer?: string | null;
  message: string;
  fix: string;
}

export interface FindingGroup {
  code: string;
  severity: Severity;
  count: number;
  findings: Finding[];
}

export interface ScaffoldingCell {
  persona: string;
  personaName: string;
  arc: string;
  pairs: number;
}

export interface SampleConversation {
  conversationId: string;
  persona?: string | null;
  emotionalArc?: string | null;
  topic?: string | null;
  messages: { role: string; content: string; trained?: boolean }[];
}

export interface Dataset {
  id: string;
  userId: string;
  name: string;
  description: string;
  format: DatasetFormat;
  status: DatasetStatus;
  trainingReady: boolean;
  totalTrainingPairs: number;
  totalValidationPairs: number;
  totalTokens: number;
  totalConversations: number;
  avgTurnsPerConversation: number;
  avgTokensPerTurn: number;
  fileSize: number;
  fileName: string;
  s3Key: string;
  s3Bucket: string;
  qualityScore?: number | null;
  humanReviewedPercent?: number | null;
  vertical?: string | null;
  consultantName?: string | null;
  consultantTitle?: string | null;
  scaffolding: ScaffoldingCell[];
  findings: FindingGroup[];
  uploadedAt?: string | null;
  processedAt?: string | null;
  validatedAt?: string | null;
  errorMessage?: string | null;
  sampleConversations?: SampleConversation[] | null;
  createdAt: string;
  updatedAt: string;
}

export interface FullStatistics {
  vocabularySize: number;
  uniqueSpeakers: number;
  topicDistribution: { topic: string; count: number }[];
  lengthDistribution: { min: number; max: number; mean: number; median: number; p95: number };
}

export type DatasetDetail = Dataset & { fullStatistics?: FullStatistics | null };

export type PresetId = 'conservative' | 'balanced' | 'aggressive' | 'custom';

export interface Hyperparameters {
  learningRate: number;
  batchSize: number;
  numEpochs: number;
  warmupSteps: number;
  warmupRatio: number;
  loraRank: number;
  loraAlpha: number;
  loraDropout: number;
  targetModules: string[];
  optimizerType: 'adamw' | 'sgd' | 'adafactor';
  weightDecay: number;
  gradientAccumulationSteps: number;
  maxGradNorm: number;
  scheduler: 'linear' | 'cosine' | 'constant';
  maxSeqLength: number;
}

export interface GpuConfig {
  instanceType: string;
  numGPUs: number;
  spot: boolean;
}

export interface Range {
  min: number;
  max: number;
}

export interface Catalogue {
  baseModels: { id: string; displayName: string; parameters: number; contextLength: number; license: string }[];
  instanceTypes: {
    id: string;
    displayName: string;
    ratePerHour: number;
    spotRatePerHour?: number | null;
    available: boolean;
  }[];
  presets: { id: PresetId; hyperparameters: Hyperparameters }[];
  limits: Record<string, Range>;
}

export interface Estimate {
  cost: {
    breakdown: {
      compute: { hours: number; rate: number; total: number };
      storage: { gb: number; rate: number; total: number };
      dataTransfer: { gb: number; rate: number; total: number };
    };
    total: number;
    min: number;
    max: number;
    currency: 'USD';
  };
  duration: { estimated: number; min: number; max: number };
  tokensPerSecond: number;
  totalSteps: number;
}

export type JobStatus = 'queued' | 'initializing' | 'running' | 'completed' | 'failed' | 'cancelled';
export type JobStage = 'queued' | 'initializing' | 'training' | 'validating' | 'saving' | 'completed';

export interface Job {
  id: string;
  userId: string;
  name: string;
  datasetId: string;
  datasetName: string;
  status: JobStatus;
  presetId: PresetId;
  hyperparameters: Hyperparameters;
  gpuConfig: GpuConfig;
  currentStage: JobStage;
  progress: number;
  currentEpoch?: number | null;
  totalEpochs: number;
  currentStep?: number | null;
  totalSteps?: number | null;
  currentMetrics?: {
    trainingLoss?: number | null;
    validationLoss?: number | null;
    learningRate?: number | null;
    throughput?: number | null;
    gpuUtilization?: number | null;
    memoryBytes?: number | null;
  } | null;
  startedAt?: string | null;
  completedAt?: string | null;
  estimatedCompletionAt?: string | null;
  currentCost: number;
  estimatedTotalCost: number;
  errorMessage?: string | null;
  artifactId?: string | null;
  queuePosition?: number | null;
  createdAt: string;
  updatedAt: string;
}

export interface MetricsPoint {
  timestamp: string;
  epoch: number;
  step: number;
  trainingLoss?: number | null;
  validationLoss?: number | null;
  learningRate: number;
  gradientNorm?: number | null;
  throughput?: number | null;
}

export interface LogLine {
  timestamp: string;
  level: 'info' | 'warning' | 'error';
  message: string;
}

export interface Checkpoint {
  id: string;
  step: number;
  epoch: number;
  loss: number;
  createdAt: string;
}

export type JobDetail = Job & { checkpoints: Checkpoint[]; logs: LogLine[] };

export interface ArtifactEntry {
  fileName: string;
  size: number;
  checksum?: string | null;
}

export interface Model {
  id: string;
  jobId: string;
  datasetId: string;
  name: string;
  version: string;
  description?: string | null;
  status: 'stored' | 'deployed' | 'archived';
  qualityMetrics: {
    finalTrainingLoss?: number | null;
    finalValidationLoss?: number | null;
    initialTrainingLoss?: number | null;
    initialValidationLoss?: number | null;
    perplexity?: number | null;
    convergenceQuality?: 'excellent' | 'good' | 'acceptable' | 'poor' | null;
  };
  trainingSummary: {
    totalEpochs: number;
    totalSteps: number;
    trainingDuration: number;
    totalCost: number;
    gpuHours: number;
  };
  configuration: { baseModel: string; datasetName: string; presetUsed: string; hyperparameters: Hyperparameters };
  artifacts: Record<string, ArtifactEntry>;
  createdAt: string;
  updatedAt: string;
}

export interface Notification {
  id: string;
  type: 'job_complete' | 'job_failed' | 'cost_alert' | 'system' | 'dataset_ready';
  title: string;
  message: string;
  priority: 'low' | 'medium' | 'high' | 'critical';
  read: boolean;
  actionUrl?: string | null;
  createdAt: string;
}

export interface Costs {
  costs: { date: string; compute: number; storage: number; dataTransfer: number; total: number }[];
  summary: { totalSpend: number; averageJobCost: number };
}

export interface Signed {
  downloadUrl: string;
  fileName: string;
  fileSize: number;
  expiresAt: string;
}
