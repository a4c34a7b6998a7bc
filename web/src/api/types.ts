/** Short names for the API's types, which come from its OpenAPI document. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type User = Schemas['User'];
export type LiveSession = Schemas['LiveSession'];
export type ApiKey = Schemas['ApiKey'];
export type KeyScope = Schemas['KeyScope'];

export type Dataset = Schemas['Dataset'];
export type DatasetDetail = Schemas['DatasetDetail'];
export type DatasetFix = Schemas['DatasetFix'];
export type FixesPreview = Schemas['FixesPreview'];
export type FixChange = Schemas['FixChange'];
export type DatasetConversation = Schemas['DatasetConversation'];
export type Message = Schemas['Message'];
export type DatasetFormat = Schemas['DatasetFormat'];
export type DatasetSort = Schemas['DatasetSort'];
export type Conversation = Schemas['Conversation'];
export type Finding = Schemas['Finding'];
export type FindingGroup = Schemas['FindingGroup'];
export type ScaffoldingCell = Schemas['ScaffoldingCell'];
export type DatasetUpload = Schemas['DatasetUpload'];

export type Catalogue = Schemas['Catalogue'];
export type InstanceType = Schemas['InstanceType'];
export type Hyperparameters = Schemas['HyperparameterConfig'];
export type PresetId = Schemas['PresetId'];
export type Estimate = Schemas['Estimate'];
export type EstimateRequest = Schemas['EstimateRequest'];

export type Job = Schemas['TrainingJob'];
export type JobDetail = Schemas['JobDetail'];
export type JobStatus = Schemas['JobStatus'];
export type JobStatusFilter = Schemas['JobStatusFilter'];
export type JobMetrics = Schemas['CurrentMetrics'];
export type StageProgress = Schemas['StageProgress'];
export type CancelReason = Schemas['CancelReason'];
export type MetricsPoint = Schemas['MetricsPoint'];
export type LogLine = Schemas['LogLine'];

export type Model = Schemas['ModelArtifact'];
export type ModelDetail = Schemas['ModelDetail'];
export type ModelFile = Schemas['ModelFile'];
export type ArtifactKind = Schemas['ArtifactKind'];
export type QualityMetrics = Schemas['QualityMetrics'];
export type Evaluation = Schemas['Evaluation'];

export type Notification = Schemas['Notification'];
export type ActivityEntry = Schemas['ActivityEntry'];
export type NotificationType = Schemas['NotificationType'];

export type AccountSettings = Schemas['AccountSettings'];
export type NotificationChannels = Schemas['NotificationChannels'];
export type Webhook = Schemas['Webhook'];
export type WebhookDelivery = Schemas['WebhookDelivery'];
