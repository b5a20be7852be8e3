export {
  adminPageSchema,
  clientKeyBody,
  createClientKeySchema,
  createCredentialSchema,
  credentialBody,
  importCredentialsSchema,
  listCredentialsSchema,
  toClientKeyLimits,
  toCredentialChanges,
  toNewCredential,
  updateClientKeySchema,
  updateCredentialSchema,
} from './api/admin.js';
export { inAsyncDialect } from './api/async-dialect.js';
export {
  CALLBACK_STATES,
  type CallbackAttempt,
  type CallbackState,
  callbackAttemptSchema,
  callbackBody,
  callbackDetailsBody,
  callbackPayload,
  callbackStateSchema,
  listCallbacksSchema,
} from './api/callbacks.js';
export {
  type ChatCompletionBody,
  type ChatOptions,
  chatCompletionSchema,
  parseChatCompletion,
  parseModelName,
} from './api/chat.js';
export {
  type ImageCompletionRequest,
  parseImageCompletion,
  parseVideoCompletion,
  type VideoCompletionRequest,
  videoCompletionSchema,
} from './api/chat-with-media.js';
export { signInSchema } from './api/console.js';
export { fileUrl } from './api/file-url.js';
export { imageShape } from './api/image-size.js';
export {
  checkEditImages,
  createImageGenerationSchema,
  type ImageRequest,
  type ImageTaskRequest,
  imageEditSchema,
  imageGenerationSchema,
  MAX_EDIT_IMAGES,
  parseCreateImageGeneration,
  parseImageEdit,
  parseImageEditFields,
  parseImageGeneration,
} from './api/images.js';
export type { MediaRequestLimits } from './api/prompt.js';
export {
  callbackDetailsReplySchema,
  callbackListReplySchema,
  clientKeyCreatedReplySchema,
  clientKeyListReplySchema,
  clientKeyReplySchema,
  credentialImportReplySchema,
  credentialListReplySchema,
  credentialReplySchema,
  credentialTestReplySchema,
  webhookSecretReplySchema,
} from './api/replies/admin.js';
export { chatCompletionEventSchema } from './api/replies/chat.js';
export { consoleSessionReplySchema } from './api/replies/console.js';
export { healthReplySchema } from './api/replies/health.js';
export { imageEventSchema } from './api/replies/images.js';
export { modelListReplySchema } from './api/replies/models.js';
export { type OverviewPoint, type OverviewProcess, overviewReplySchema } from './api/replies/overview.js';
export {
  taskAcceptedReplySchema,
  taskCancelledReplySchema,
  taskFieldsSchema,
  taskListReplySchema,
  taskReplySchema,
  taskStreamEventSchema,
  tasksDeletedReplySchema,
} from './api/replies/tasks.js';
export { uploadReplySchema } from './api/replies/uploads.js';
export { adminUsageReplySchema, usageReplySchema } from './api/replies/usage.js';
export { resultUrls, type ShownTask, type TaskBody, taskBody, taskFields, taskResults } from './api/task-body.js';
export { deleteTasksSchema, listTasksSchema, taskStatusPathSchema } from './api/tasks.js';
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
  parseCreateVideoGeneration,
  parseCreateVideoTask,
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
  updateCredential,
} from './bus/admin.js';
export { callbackDue } from './bus/callbacks.js';
export {
  type ChatMessage,
  type ChatPicture,
  type ChatRequest,
  completeChat,
} from './bus/chat.js';
export {
  admitRequests,
  type ClientKey,
  type ClientKeyEntry,
  type ClientKeyLimits,
  clientKeysChanged,
  createClientKey,
  holdRequestSlots,
  listClientKeyEntries,
  listClientKeys,
  revokeClientKey,
  setWebhookSecret,
  updateClientKey,
  webhookSecretsOf,
} from './bus/client-keys.js';
export {
  type AcquireReply,
  type AcquireRequest,
  acquireGrants,
  type Credential,
  type CredentialChange,
  credentialChanged,
  credentialOf,
  type Grant,
  grantIds,
  OUTCOMES,
  type Outcome,
  type Report,
  releaseGrants,
  renewGrants,
  reportOutcome,
  slotsWanted,
  testCredential,
} from './bus/credentials.js';
export { editImages, generateImages, type ImageMessage } from './bus/images.js';
export { listModels, modelsChanged } from './bus/models.js';
export {
  LOG_LEVELS,
  type LogLevel,
  logLevelOf,
  logLevelSchema,
  type MetricSample,
  type MetricsSnapshot,
  metricsOf,
} from './bus/operations.js';
export type { Rpc } from './bus/rpc.js';
export { fromStreamError, toStreamError } from './bus/stream-error.js';
export {
  STREAM_ERROR_MESSAGE_MAX,
  type StreamErrorDetails,
  type StreamRpc,
  streamErrorSchema,
} from './bus/stream-rpc.js';
export { cancelSubject, progressSubject, WAKE_UP_STREAM, wakeUpSubject } from './bus/subjects.js';
export { type TaskEvent, taskEventSchema } from './bus/tasks.js';
export type { Topic } from './bus/topic.js';
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
export { ERROR_CATALOGUE, type ErrorCode, type ErrorType } from './error-catalogue.js';
export {
  ApiError,
  type ApiErrorDetails,
  errorMessage,
  isErrorCode,
} from './errors.js';
export {
  callbackId,
  imageMediaId,
  isCallbackId,
  isClientKeyId,
  isCredentialId,
  isTaskId,
  newTaskId,
  type RandomHex,
  videoMediaId,
} from './ids.js';
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
export { openApiDocument } from './openapi/document.js';
export type { ApiRoute } from './openapi/route.js';
export { API_ROUTES } from './openapi/routes.js';
export { type Admission, admit, WINDOW_MS, type WindowEntry } from './request-window.js';
export {
  ASPECT_RATIOS,
  END_STATES,
  type EndState,
  hasEnded,
  IMAGE_ASPECT_RATIOS,
  type ImageParams,
  imageParamsSchema,
  type PictureSource,
  TASK_KINDS,
  TASK_STATES,
  type TaskError,
  type TaskKind,
  type TaskResult,
  type TaskState,
  type TaskWork,
  taskErrorSchema,
  taskKindSchema,
  taskResultSchema,
  taskStateSchema,
  taskWorkSchema,
  VIDEO_LENGTHS,
  VIDEO_PRESETS,
  VIDEO_RESOLUTIONS,
  type VideoParams,
  videoParamsSchema,
} from './task.js';
export { type Language, TEXTS, type Texts, taskMessage } from './texts.js';
export { parseRequest, parseSecretRequest } from './validation.js';
export { newWebhookSecret, webhookSecretSchema } from './webhook-secret.js';
