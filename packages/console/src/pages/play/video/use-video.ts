import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type TaskEvent, useTaskEvents } from '../../../api/task-events.js';
import { createVideo, useTaskChanges, type VideoWish } from '../../../api/tasks.js';
import { upload } from '../../../api/uploads.js';

export interface VideoState {
  /** How the task is; undefined before it is accepted. */
  event: TaskEvent | undefined;
  isBusy: boolean;
  error: Error | null;
  make: (wish: Omit<VideoWish, 'image_url'>, firstFrame: File | undefined) => void;
  cancel: () => void;
}

/** One video, from the wish to its end. */
export function useVideo(): VideoState {
  const [taskId, setTaskId] = useState<string>();
  const event = useTaskEvents('video', taskId);
  const changes = useTaskChanges('video');
  const create = useMutation({
    mutationFn: async (given: { wish: Omit<VideoWish, 'image_url'>; firstFrame: File | undefined }) => {
      const { signal } = new AbortController();
      const image = given.firstFrame && { image_url: await upload(given.firstFrame, signal) };
      return createVideo({ ...given.wish, ...image }, signal);
    },
    onMutate: () => setTaskId(undefined),
    onSuccess: setTaskId,
  });
  const isMaking = taskId !== undefined && !['completed', 'failed', 'cancelled'].includes(event?.status ?? 'pending');
  return {
    event,
    isBusy: create.isPending || isMaking,
    error: create.error ?? changes.cancel.error,
    make: (wish, firstFrame) => create.mutate({ wish, firstFrame }),
    cancel: () => {
      if (taskId !== undefined) changes.cancel.mutate(taskId);
    },
  };
}
