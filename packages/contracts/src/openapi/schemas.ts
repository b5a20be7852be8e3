import type { z } from 'zod';
import { chatCompletionSchema } from '../api/chat.js';
import { imageCompletionSchema, videoCompletionSchema } from '../api/chat-with-media.js';
import { createImageGenerationSchema, imageEditSchema, imageGenerationSchema } from '../api/images.js';
import { chatCompletionEventSchema, chatCompletionReplySchema } from '../api/replies/chat.js';
import { errorReplySchema } from '../api/replies/error.js';
import { healthReplySchema, processHealthReplySchema } from '../api/replies/health.js';
import { imageEventSchema, imagesReplySchema } from '../api/replies/images.js';
import { modelListReplySchema, modelReplySchema } from '../api/replies/models.js';
import {
  asyncTaskAcceptedReplySchema,
  taskAcceptedReplySchema,
  taskCancelledReplySchema,
  taskListReplySchema,
  taskReplySchema,
  taskStreamEventSchema,
  tasksDeletedReplySchema,
  unfinishedTaskReplySchema,
} from '../api/replies/tasks.js';
import { uploadReplySchema } from '../api/replies/uploads.js';
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
  Upload: uploadReplySchema,
  Model: modelReplySchema,
  ModelList: modelListReplySchema,
  Health: healthReplySchema,
  ProcessHealth: processHealthReplySchema,
} as const satisfies Record<string, z.ZodType>;

export type RequestSchema = keyof typeof REQUEST_SCHEMAS;
export type ReplySchema = keyof typeof REPLY_SCHEMAS;
