export {
  adminPageSchema,
  clientKeyBody,
  createClientKeySchema,
  createCredentialSchema,
  credentialBody,
  listCredentialsSchema,
  toClientKeyLimits,
  toCredentialChanges,
  toNewCredential,
  updateClientKeySchema,
  updateCredentialSchema,
} from './api/admin.js';
export {
  type ChatCompletionBody,
  type ChatOptions,
  chatCompletionSchema,
  parseChatCompletion,
  parseModelName,
} from './api/chat.js';
export { parseVideoCompletion, type VideoCompletionRequest, videoCompletionSchema } from './api/chat-with-media.js';
export {
  adminUsageQueryParametersSchema,
  monthSoFar,
  parseAdminUsageQuery,
  parseUsageQuery,
  usageBody,
  usageQueryParametersSchema,
} from './api/usage.js';
export {
  createFlatVideoGenerationSchema,
  createVideoGenerationSchema,
  createVideoTaskSchema,
  deleteTasksSchema,
  inAsyncDialect,
  listTasksSchema,
  parseCreateVideoGeneration,
  parseCreateVideoTask,
  taskStatusPathSchema,
  type VideoRequestLimits,
  type VideoTaskRequest,
} from './api/video-tasks.js';
export {
  addCredentials,
  CREDENTIAL_BATCH,
  type CredentialEntry,
  type CredentialQuery,
  clearCooling,
  deleteCredential,
  listCredentials,
  type NewCredential,
  testCredential,
  updateCredential,
} from './bus/admin.js';
export {
  type ChatMessage,
  type ChatPicture,
  type ChatRequest,
  completeChat,
} from './bus/chat.js';
export {
  admitRequests,
  CLIENT_KEYS_CHANGED_SUBJECT,
  type ClientKey,
  type ClientKeyEntry,
  type ClientKeyLimits,
  createClientKey,
  holdRequestSlots,
  listClientKeyEntries,
  listClientKeys,
  revokeClientKey,
  updateClientKey,
} from './bus/client-keys.js';
export {
  type AcquireReply,
  acquireGrant,
  acquireReplySchema,
  acquireRequestSchema,
  type Credential,
  credentialOf,
  type Grant,
  OUTCOMES,
  type Outcome,
  type Report,
  releaseGrant,
  renewGrant,
  reportOutcome,
} from './bus/credentials.js';
export { listModels } from './bus/models.js';
export type { Rpc } from './bus/rpc.js';
export type { StreamRpc } from './bus/stream-rpc.js';
export { cancelSubject, progressSubject, WAKE_UP_STREAM, wakeUpSubject } from './bus/subjects.js';
export { type TaskEvent, taskEventSchema } from './bus/tasks.js';
export {
  NO_USAGE,
  queryUsage,
  recordUsage,
  USAGE_BATCH,
  USAGE_COUNTS,
  type UsageCounts,
  type UsageGroupCounts,
  type UsageQuery,
  type UsageRow,
} from './bus/usage.js';
export {
  ApiError,
  type ApiErrorDetails,
  ERROR_CATALOGUE,
  type ErrorCode,
  type ErrorType,
  errorMessage,
  isErrorCode,
} from './errors.js';
export { isTaskId, newTaskId, type RandomHex, resultMediaId } from './ids.js';
export {
  type ChatAbilities,
  DEFAULT_MODELS,
  type ListedModel,
  MODEL_KINDS,
  type Model,
  ModelCatalogue,
  type ModelKind,
  mergeModels,
  modelSchema,
  REASONING_EFFORTS,
  type ReasoningEffort,
  type RefusableParameter,
} from './models.js';
export { fromUsd, toUsd } from './money.js';
export { type Admission, admit, WINDOW_MS, type WindowEntry } from './request-window.js';
export {
  ASPECT_RATIOS,
  END_STATES,
  type EndState,
  hasEnded,
  TASK_KINDS,
  TASK_STATES,
  type TaskError,
  type TaskKind,
  type TaskResult,
  type TaskState,
  taskErrorSchema,
  taskKindSchema,
  taskResultSchema,
  taskStateSchema,
  VIDEO_LENGTHS,
  VIDEO_PRESETS,
  VIDEO_RESOLUTIONS,
  type VideoParams,
  videoParamsSchema,
} from './task.js';
export { type Language, TEXTS, type Texts, taskMessage } from './texts.js';
export { parseRequest, parseSecretRequest } from './validation.js';
