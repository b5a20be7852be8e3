import { z } from 'zod';
import { listTasksSchema, taskStatusPathSchema } from '../api/tasks.js';
import type { TaskKind } from '../task.js';
import { TASK_EXAMPLES } from './examples/tasks.js';
import type { ApiRoute } from './route.js';
import { MEDIA_ERRORS } from './shared-errors.js';

const CREATE_ERRORS = [...MEDIA_ERRORS, 'invalid_callback_url', 'too_many_pending_tasks'] as const;
const taskParams = z.object({ task_id: z.string() });

const CREATE_VIDEO_ROUTES: readonly ApiRoute[] = [
  {
    method: 'post',
    path: '/v1/video/tasks',
    operationId: 'createVideoTask',
    tag: 'Video tasks',
    access: 'key',
    summary: 'Accepts a video task',
    body: { json: { schemas: ['CreateVideoTask'], examples: TASK_EXAMPLES.createVideo } },
    keyed: true,
    callback: true,
    replies: {
      200: { description: 'It will be made.', json: { schemas: ['TaskAccepted'], examples: TASK_EXAMPLES.accepted } },
    },
    errors: CREATE_ERRORS,
  },
  {
    method: 'post',
    path: '/v1/video/generations/async',
    operationId: 'createVideoGeneration',
    tag: 'Video tasks',
    access: 'key',
    summary: 'Accepts a video task as a conversation, or as flat fields',
    body: {
      json: { schemas: ['CreateVideoFromConversation', 'CreateVideo'], examples: TASK_EXAMPLES.createVideoAsync },
    },
    keyed: true,
    callback: true,
    asyncDialect: true,
    replies: { 202: acceptedAsync() },
    errors: CREATE_ERRORS,
  },
];

const CREATE_IMAGE_ROUTES: readonly ApiRoute[] = [
  {
    method: 'post',
    path: '/v1/images/generations/async',
    operationId: 'createImageTask',
    tag: 'Image tasks',
    access: 'key',
    summary: 'Accepts an image task',
    body: { json: { schemas: ['CreateImageTask'], examples: TASK_EXAMPLES.createImageAsync } },
    keyed: true,
    callback: true,
    asyncDialect: true,
    replies: { 202: acceptedAsync() },
    errors: [...CREATE_ERRORS, 'invalid_size'],
  },
];

/** Everything that makes, shows and ends tasks. */
export const TASK_ROUTES: readonly ApiRoute[] = [
  ...CREATE_VIDEO_ROUTES,
  ...routesOf('video', 'Video', '/v1/video/tasks'),
  ...CREATE_IMAGE_ROUTES,
  ...routesOf('image', 'Image', '/v1/images/tasks'),
];

function acceptedAsync() {
  return {
    description: 'It will be made.',
    json: { schemas: ['AsyncTaskAccepted'], examples: TASK_EXAMPLES.acceptedAsync },
    headers: ['location', 'operation-location'],
  } as const;
}

function routesOf(kind: TaskKind, name: 'Video' | 'Image', path: string): ApiRoute[] {
  const common = { tag: `${name} tasks` };
  const one = { ...common, params: taskParams, errors: ['task_not_found'] } as const;
  const task = { description: 'The task.', json: { schemas: ['Task'], examples: TASK_EXAMPLES.tasks[kind] } } as const;
  const deleted = {
    description: 'They are gone.',
    json: { schemas: ['TasksDeleted'], examples: TASK_EXAMPLES.deleted },
  } as const;
  return [
    {
      ...common,
      method: 'get',
      path,
      operationId: `list${name}Tasks`,
      access: 'key',
      summary: 'Lists the tasks, newest first',
      query: listTasksSchema,
      replies: {
        200: { description: 'A page of them.', json: { schemas: ['TaskList'], examples: TASK_EXAMPLES.lists[kind] } },
      },
    },
    {
      ...common,
      method: 'delete',
      path,
      operationId: `delete${name}Tasks`,
      access: 'key',
      summary: 'Deletes tasks; those that are not finished are cancelled',
      body: { json: { schemas: ['DeleteTasks'], examples: TASK_EXAMPLES.deleteTasks } },
      replies: { 200: deleted },
    },
    {
      ...common,
      method: 'delete',
      path: `${path}/all`,
      operationId: `deleteAll${name}Tasks`,
      access: 'key',
      summary: 'Deletes all tasks',
      replies: { 200: deleted },
    },
    {
      ...common,
      method: 'delete',
      path: `${path}/status/{status}`,
      operationId: `delete${name}TasksByStatus`,
      access: 'key',
      summary: 'Deletes the tasks in a state',
      params: taskStatusPathSchema,
      replies: { 200: deleted },
    },
    {
      ...one,
      method: 'get',
      path: `${path}/{task_id}`,
      operationId: `get${name}Task`,
      access: 'capability',
      summary: 'Shows a task',
      replies: { 200: task },
    },
    {
      ...one,
      method: 'delete',
      path: `${path}/{task_id}`,
      operationId: `cancel${name}Task`,
      access: 'key',
      summary: 'Cancels a task',
      replies: {
        200: {
          description: 'It is cancelled.',
          json: { schemas: ['TaskCancelled'], examples: TASK_EXAMPLES.cancelled },
        },
      },
      errors: [...one.errors, 'task_already_finished'],
    },
    {
      ...one,
      method: 'get',
      path: `${path}/{task_id}/result`,
      operationId: `get${name}TaskResult`,
      access: 'capability',
      summary: 'Shows a task once it has ended',
      replies: {
        200: task,
        409: { description: 'It has not ended: `task_not_finished`.', json: { schemas: ['UnfinishedTask'] } },
      },
    },
    {
      ...one,
      method: 'post',
      path: `${path}/{task_id}/retry`,
      operationId: `retry${name}Task`,
      access: 'key',
      summary: 'Makes a new task from one that failed',
      keyed: true,
      replies: {
        200: { description: 'It will be made.', json: { schemas: ['TaskAccepted'], examples: TASK_EXAMPLES.accepted } },
      },
      errors: [...one.errors, 'task_not_failed', 'too_many_pending_tasks'],
    },
    {
      ...one,
      method: 'get',
      path: `${path}/{task_id}/stream`,
      operationId: `stream${name}Task`,
      access: 'capability',
      summary: 'Tells what happens to a task until it has ended',
      headers: { 'last-event-id': 'The id of the last event that was received.' },
      replies: {
        200: { description: 'Events.', events: { data: 'TaskEvent', example: TASK_EXAMPLES.streams[kind] } },
        204: { description: 'The task has ended, and `Last-Event-ID` says that its end was received.' },
      },
    },
  ];
}
