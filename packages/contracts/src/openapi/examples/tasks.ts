const DIGITS = '1a2b3c4d5e6f708192a3b4c5d6e7f809';
const taskId = `task_${DIGITS}`;
const otherId = `task_${[...DIGITS].reverse().join('')}`;
const videoUrl = `http://localhost:8000/v1/files/video_${DIGITS}.mp4`;
const imageUrl = `http://localhost:8000/v1/files/image_${DIGITS}.jpg`;
const times = {
  created_at: '2026-02-06T12:00:00Z',
  started_at: '2026-02-06T12:00:01Z',
  completed_at: '2026-02-06T12:01:30Z',
};

const video = {
  task_id: taskId,
  status: 'completed',
  progress: 100,
  attempts: 1,
  prompt: '一只海豚在海洋中跳跃',
  model: 'grok-imagine-1.0-video',
  video_url: videoUrl,
  ...times,
  message: '视频生成完成',
};
const running = {
  task_id: otherId,
  status: 'running',
  progress: 45,
  attempts: 1,
  prompt: '一只猫在花园里玩耍',
  model: 'grok-imagine-1.0-video',
  created_at: '2026-02-06T12:02:00Z',
  started_at: '2026-02-06T12:02:01Z',
  message: '视频生成中...',
};
const failed = {
  ...running,
  status: 'failed',
  completed_at: '2026-02-06T12:02:30Z',
  message: '生成失败: The upstream failed: internal_error.',
  error: { code: 'upstream_error', message: 'The upstream failed: internal_error.' },
};
const images = {
  task_id: taskId,
  status: 'completed',
  progress: 100,
  attempts: 1,
  prompt: '一只在太空漂浮的猫',
  model: 'grok-imagine-1.0',
  images: [imageUrl],
  ...times,
  message: '图片生成完成',
};

const envelope = { taskId, status: 'success', progress: 100 };
const completedVideo = { ...video, code: 200, data: { ...envelope, result: { downloadUrl: videoUrl } } };
const videoConfig = { aspect_ratio: '3:2', video_length: 6, resolution_name: '480p', preset: 'normal' };
const event = (id: number | undefined, data: object) =>
  `${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
const step = (type: string, status: string, progress: number) => ({ type, task_id: taskId, status, progress });
const stream = (end: object) =>
  event(2, step('snapshot', 'running', 45)) +
  event(3, step('progress', 'running', 50)) +
  event(4, step('progress', 'running', 75)) +
  event(5, { ...step('completed', 'completed', 100), ...end });

/** The published documents' requests, and what they are replied to. */
export const TASK_EXAMPLES = {
  createVideo: {
    text: {
      summary: '文本生成视频',
      value: {
        model: 'grok-imagine-1.0-video',
        prompt: '一只海豚在海洋中跳跃',
        aspect_ratio: '16:9',
        video_length: 6,
        resolution: '480p',
        preset: 'normal',
      },
    },
    image: {
      summary: '图片转视频',
      value: {
        model: 'grok-imagine-1.0-video',
        prompt: '让图片动起来',
        image_url: 'https://example.com/image.jpg',
        aspect_ratio: '1:1',
        video_length: 6,
      },
    },
  },
  createVideoAsync: {
    conversation: {
      summary: '创建异步任务',
      value: {
        model: 'grok-imagine-1.0-video',
        messages: [{ role: 'user', content: '生成一段海边日落视频' }],
        video_config: videoConfig,
      },
    },
    callback: {
      summary: 'With a callback',
      value: {
        model: 'grok-imagine-1.0-video',
        prompt: '生成一段海边日落视频',
        callback_url: 'https://example.com/callbacks',
      },
    },
  },
  createImageAsync: {
    one: {
      summary: '创建异步任务',
      value: { model: 'grok-imagine-1.0', prompt: '一只在太空漂浮的猫', n: 1, size: '1024x1024' },
    },
  },
  accepted: {
    accepted: {
      summary: '创建视频任务',
      value: { status: 'success', task_id: taskId, message: '视频生成任务已提交' },
    },
  },
  acceptedAsync: {
    accepted: { summary: '创建异步任务', value: { code: 200, message: '任务已提交', data: { taskId } } },
  },
  tasks: {
    video: {
      completed: {
        summary: '已完成',
        value: completedVideo,
      },
      running: {
        summary: '生成中',
        value: { ...running, code: 200, data: { taskId: otherId, status: 'processing', progress: 45 } },
      },
      failed: {
        summary: '失败',
        value: {
          ...failed,
          code: 200,
          data: { taskId: otherId, status: 'failed', progress: 45, errorMsg: failed.error.message },
        },
      },
    },
    image: {
      completed: {
        summary: '已完成',
        value: { ...images, code: 200, data: { ...envelope, result: { images: [imageUrl] } } },
      },
    },
  },
  lists: {
    video: { page: { summary: '列出所有任务', value: { tasks: [running, video], total: 2, next_cursor: null } } },
    image: { page: { summary: '列出所有任务', value: { tasks: [images], total: 1, next_cursor: null } } },
  },
  deleteTasks: { two: { summary: '批量删除任务', value: { task_ids: ['task_abc123', 'task_def456'] } } },
  deleted: { two: { summary: '批量删除任务', value: { status: 'success', count: 2, message: '已删除 2 个任务' } } },
  callbacks: { completed: { summary: '已完成', value: { type: 'video.task.completed', ...completedVideo } } },
  cancelled: { cancelled: { summary: '取消任务', value: { status: 'success', message: '任务已取消' } } },
  streams: {
    video: stream({ video_url: videoUrl, message: '视频生成完成' }),
    image: stream({ images: [imageUrl], message: '图片生成完成' }),
  },
} as const;
