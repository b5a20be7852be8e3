import {
  type TaskKind,
  type TaskState,
  taskAcceptedReplySchema,
  taskCancelledReplySchema,
  type taskFieldsSchema,
  taskListReplySchema,
  taskReplySchema,
  tasksDeletedReplySchema,
} from '@grok2api/contracts';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { z } from 'zod';
import { ask, send, withQuery } from './request.js';
import { TASK_PATHS } from './task-paths.js';

const PAGE = 50;
/** While tasks are being made, and while none is. */
const BUSY_LOOK_MS = 2_000;
const IDLE_LOOK_MS = 5_000;

/** A task as a list shows it. */
export type TaskFields = z.infer<typeof taskFieldsSchema>;
/** A task alone. */
export type TaskReply = z.infer<typeof taskReplySchema>;

/** Whether a task is still to be made, or being made. */
export const isUnfinished = ({ status }: TaskFields) => status === 'pending' || status === 'running';

/** The tasks of a kind, newest first, page after page, kept up to date. */
export function useTaskList(kind: TaskKind, status: TaskState | undefined) {
  return useInfiniteQuery({
    queryKey: ['tasks', kind, 'list', status],
    queryFn: ({ pageParam: cursor, signal }) =>
      ask(taskListReplySchema, withQuery(TASK_PATHS[kind], { status, limit: PAGE, cursor }), { signal }),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ tasks }) => tasks.some(isUnfinished)) ? BUSY_LOOK_MS : IDLE_LOOK_MS,
  });
}

/** One task, kept up to date until it has ended. */
export function useTask(kind: TaskKind, taskId: string) {
  return useQuery({
    queryKey: ['tasks', kind, taskId],
    queryFn: ({ signal }) => ask(taskReplySchema, `${TASK_PATHS[kind]}/${taskId}`, { signal }),
    refetchInterval: ({ state }) => (state.data && isUnfinished(state.data) ? BUSY_LOOK_MS : false),
  });
}

/** What a video is to be made of. */
export interface VideoWish {
  model: string;
  prompt: string;
  aspect_ratio: string;
  video_length: number;
  resolution: string;
  preset: string;
  image_url?: string;
}

/** Begins to make a video. Resolves to the task's id. */
export async function createVideo(wish: VideoWish, signal: AbortSignal): Promise<string> {
  const { task_id } = await ask(taskAcceptedReplySchema, TASK_PATHS.video, { method: 'POST', json: wish, signal });
  return task_id;
}

/** Changes to tasks; every list is read again after each. */
export function useTaskChanges(kind: TaskKind) {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: ['tasks', kind] });
  const path = TASK_PATHS[kind];
  return {
    cancel: useMutation({
      mutationFn: (taskId: string) => ask(taskCancelledReplySchema, `${path}/${taskId}`, { method: 'DELETE' }),
      onSuccess,
    }),
    cancelMany: useMutation({
      // Those that have ended meanwhile stay as they are.
      mutationFn: (taskIds: string[]) =>
        Promise.allSettled(taskIds.map((id) => send(`${path}/${id}`, { method: 'DELETE' }))),
      onSuccess,
    }),
    remove: useMutation({
      mutationFn: (taskIds: string[]) =>
        ask(tasksDeletedReplySchema, path, { method: 'DELETE', json: { task_ids: taskIds } }),
      onSuccess,
    }),
    removeByStatus: useMutation({
      mutationFn: (status: TaskState) => ask(tasksDeletedReplySchema, `${path}/status/${status}`, { method: 'DELETE' }),
      onSuccess,
    }),
    retry: useMutation({
      mutationFn: (taskId: string) => ask(taskAcceptedReplySchema, `${path}/${taskId}/retry`, { method: 'POST' }),
      onSuccess,
    }),
  };
}
