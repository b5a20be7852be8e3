export { parseVideoCompletion, type VideoCompletionRequest, videoCompletionSchema } from './api/chat.js';
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
export type { Rpc } from './bus/rpc.js';
export {
  STREAM_ERROR_MESSAGE_MAX,
  type StreamErrorDetails,
  type StreamRpc,
  streamErrorSchema,
} from './bus/stream-rpc.js';
export { cancelSubject, progressSubject, WAKE_UP_STREAM, wakeUpSubject } from './bus/subjects.js';
export { type TaskEvent, taskEventSchema } from './bus/tasks.js';
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
export { DEFAULT_MODELS, type Model, ModelCatalogue, type ModelKind } from './models.js';
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
export { parseRequest } from './validation.js';
