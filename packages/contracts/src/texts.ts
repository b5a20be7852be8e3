import type { TaskError, TaskKind, TaskState } from './task.js';

export type Language = 'zh' | 'en';

const NOUNS = { zh: { video: '视频', image: '图片' }, en: { video: 'Video', image: 'Image' } } as const;

/** The texts that people read, in the words of the published documents. Errors are no part of them. */
export const TEXTS = {
  zh: {
    taskSubmitted: (kind: TaskKind) => `${NOUNS.zh[kind]}生成任务已提交`,
    asyncTaskSubmitted: '任务已提交',
    taskCancelled: '任务已取消',
    taskNotFound: '任务不存在',
    deleted: (count: number) => `已删除 ${count} 个任务`,
    deletedByStatus: (count: number, status: TaskState) => `已删除 ${count} 个 ${status} 任务`,
    deletedAll: (count: number) => `已清除所有 ${count} 个任务`,
    videoProgress: (percent: number) => `正在生成视频中，当前进度${percent}%`,
    pending: '等待中',
    running: (kind: TaskKind) => `${NOUNS.zh[kind]}生成中...`,
    completed: (kind: TaskKind) => `${NOUNS.zh[kind]}生成完成`,
    failed: (reason: string) => `生成失败: ${reason}`,
  },
  en: {
    taskSubmitted: (kind: TaskKind) => `${NOUNS.en[kind]} generation task submitted`,
    asyncTaskSubmitted: 'Task submitted',
    taskCancelled: 'Task cancelled',
    taskNotFound: 'Task not found',
    deleted: (count: number) => `Deleted ${count} tasks`,
    deletedByStatus: (count: number, status: TaskState) => `Deleted ${count} ${status} tasks`,
    deletedAll: (count: number) => `Cleared all ${count} tasks`,
    videoProgress: (percent: number) => `Generating the video, progress ${percent}%`,
    pending: 'Pending',
    running: (kind: TaskKind) => `${NOUNS.en[kind]} is being generated...`,
    completed: (kind: TaskKind) => `${NOUNS.en[kind]} generation completed`,
    failed: (reason: string) => `Generation failed: ${reason}`,
  },
} as const;

export type Texts = (typeof TEXTS)[Language];

/** What a task's `message` says in its state. */
export function taskMessage(texts: Texts, kind: TaskKind, state: TaskState, error: TaskError | undefined): string {
  switch (state) {
    case 'pending':
      return texts.pending;
    case 'running':
      return texts.running(kind);
    case 'completed':
      return texts.completed(kind);
    case 'failed':
      return texts.failed(error?.message ?? '');
    case 'cancelled':
      return texts.taskCancelled;
  }
}
