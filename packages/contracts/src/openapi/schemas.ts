import type { z } from 'zod';
import {
  createClientKeySchema,
  createCredentialSchema,
  importCredentialsSchema,
  updateClientKeySchema,
  updateCredentialSchema,
} from '../api/admin.js';
import { chatCompletionSchema } from '../api/chat.js';
import { imageCompletionSchema, videoCompletionSchema } from '../api/chat-with-media.js';
import { signInSchema } from '../api/console.js';
import { createImageGenerationSchema, imageEditSchema, imageGenerationSchema } from '../api/images.js';
import {
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
} from '../api/replies/admin.js';
import { chatCompletionEventSchema, chatCompletionReplySchema } from '../api/replies/chat.js';
import { consoleSessionReplySchema } from '../api/replies/console.js';
import { errorReplySchema } from '../api/replies/error.js';
import { healthReplySchema, processHealthReplySchema } from '../api/replies/health.js';
import { imageEventSchema, imagesReplySchema } from '../api/replies/images.js';
import { modelListReplySchema, modelReplySchema } from '../api/replies/models.js';
import { overviewReplySchema } from '../api/replies/overview.js';
import {
  asyncTaskAcceptedReplySchema,
  taskAcceptedReplySchema,
  taskCallbackSchema,
  taskCancelledReplySchema,
  taskListReplySchema,
  taskReplySchema,
  taskStreamEventSchema,
  tasksDeletedReplySchema,
  unfinishedTaskReplySchema,
} from '../api/replies/tasks.js';
import { uploadReplySchema } from '../api/replies/uploads.js';
import { adminUsageReplySchema, usageReplySchema } from '../api/replies/usage.js';
import { deleteTasksSchema } from '../api/tasks.js';
import {
  createFlatVideoGenerationSchema,
  createVideoGenerationSchema,
  createVideoTaskSchema,
} from '../api/video-tasks.js';

/** The bodies that clients send, by the names of their components: the very schemas that they are parsed with. */
export const REQUEST_SCHEMAS = {
  ChatCompletionRequest: chatCompletionSchema,
  VideoCompletionRequest: videoCompletionSchema,
  ImageCompletionRequest: imageCompletionSchema,
  ImageGenerationRequest: imageGenerationSchema,
  ImageEditRequest: imageEditSchema,
  CreateImageTask: createImageGenerationSchema,
  CreateVideoTask: createVideoTaskSchema,
  CreateVideoFromConversation: createVideoGenerationSchema,
  CreateVideo: createFlatVideoGenerationSchema,
  DeleteTasks: deleteTasksSchema,
  CreateCredential: createCredentialSchema,
  UpdateCredential: updateCredentialSchema,
  ImportCredentials: importCredentialsSchema,
  CreateClientKey: createClientKeySchema,
  UpdateClientKey: updateClientKeySchema,
  SignIn: signInSchema,
} as const satisfies Record<string, z.ZodType>;

/** The bodies that clients are sent, and the data of the events of streams. */
export const REPLY_SCHEMAS = {
  Error: errorReplySchema,
  ChatCompletion: chatCompletionReplySchema,
  ChatCompletionEvent: chatCompletionEventSchema,
  Images: imagesReplySchema,
  ImageEvent: imageEventSchema,
  TaskAccepted: taskAcceptedReplySchema,
  AsyncTaskAccepted: asyncTaskAcceptedReplySchema,
  Task: taskReplySchema,
  UnfinishedTask: unfinishedTaskReplySchema,
  TaskList: taskListReplySchema,
  TaskCancelled: taskCancelledReplySchema,
  TasksDeleted: tasksDeletedReplySchema,
  TaskEvent: taskStreamEventSchema,
  TaskCallback: taskCallbackSchema,
  Upload: uploadReplySchema,
  Model: modelReplySchema,
  ModelList: modelListReplySchema,
  Health: healthReplySchema,
  ProcessHealth: processHealthReplySchema,
  Usage: usageReplySchema,
  AdminUsage: adminUsageReplySchema,
  Credential: credentialReplySchema,
  CredentialList: credentialListReplySchema,
  CredentialTest: credentialTestReplySchema,
  CredentialImport: credentialImportReplySchema,
  ClientKey: clientKeyReplySchema,
  ClientKeyCreated: clientKeyCreatedReplySchema,
  ClientKeyList: clientKeyListReplySchema,
  WebhookSecret: webhookSecretReplySchema,
  CallbackList: callbackListReplySchema,
  CallbackDetails: callbackDetailsReplySchema,
  ConsoleSession: consoleSessionReplySchema,
  Overview: overviewReplySchema,
} as const satisfies Record<string, z.ZodType>;

export type RequestSchema = keyof typeof REQUEST_SCHEMAS;
export type ReplySchema = keyof typeof REPLY_SCHEMAS;
