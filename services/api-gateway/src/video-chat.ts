import {
  ApiError,
  type MediaRequestLimits,
  type ModelCatalogue,
  parseVideoCompletion,
  resultUrls,
  type VideoCompletionRequest,
} from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import { toTaskEvent } from '@grok2api/task-store';
import type { Request, Response } from 'express';
import { type AcceptVideoDependencies, acceptVideoTask } from './accept-video-task.js';
import { GatewayStoppingError } from './gateway-stopping-error.js';
import { type CompletionFrame, completion, contentChunks, roleChunk } from './media-completion.js';
import { SseStream } from './reply/sse-stream.js';
import { TaskAwaiter } from './task-awaiter.js';
import type { TaskFeed } from './task-feed.js';
import { taskUrl } from './task-url.js';
import { errorOfEnd, progressChunk, type VideoContentFormat, videoContent } from './video-completion.js';

export interface VideoChatDependencies extends AcceptVideoDependencies {
  feed: TaskFeed;
  models: ModelCatalogue;
  limits: MediaRequestLimits;
  contentFormat: VideoContentFormat;
  log: Logger;
}

const RETRY_AFTER_S = '1';

/** Makes what answers a chat completion with a video model: an ordinary durable task, awaited. */
export function createVideoChat(dependencies: VideoChatDependencies) {
  const { tasks, bus, feed, urls, models, limits, contentFormat, log, randomHex, now } = dependencies;

  async function answer(taskId: string, request: VideoCompletionRequest, req: Request, res: Response): Promise<void> {
    const frame: CompletionFrame = {
      id: `chatcmpl-${randomHex()}`,
      created: Math.floor(now() / 1000),
      model: request.video.model.id,
    };
    // A reader that is slow misses steps of the progress, not the end.
    const sse = request.stream ? new SseStream(res, now, () => {}) : undefined;
    const awaiter = new TaskAwaiter((percent) => {
      if (!sse?.blocked) sse?.write([progressChunk(frame, res.locals.texts, percent)]);
    });
    sse?.write([roleChunk(frame)]);
    try {
      const content = await awaitContent(taskId, awaiter, res);
      sse?.write(contentChunks(frame, content, request.includeUsage));
      if (sse) sse.end();
      else res.json(completion(frame, content));
    } catch (err) {
      const error = err instanceof GatewayStoppingError ? stoppingError(taskId, req) : err;
      if (!sse || !(error instanceof ApiError)) throw error;
      sse.write([{ data: error.toBody() }]);
      sse.end();
    }
  }

  async function awaitContent(taskId: string, awaiter: TaskAwaiter, res: Response): Promise<string> {
    const watch = await feed.watch(taskId, awaiter);
    if (!watch) throw new ApiError('task_cancelled');
    res.once('close', watch.stop);
    awaiter.begin(watch.snapshot);
    const end = await awaiter.ended;
    const [url] = resultUrls({ result: end.result, origin: watch.snapshot.origin });
    if (url === undefined) throw errorOfEnd(end);
    return videoContent(url, contentFormat);
  }

  /** A client that leaves wants the video no more. */
  function cancelWhenLeft(taskId: string, res: Response): void {
    res.once('close', () => {
      if (res.writableEnded) return;
      tasks.cancel(taskId).then(
        (cancelled) => {
          if (!cancelled) return;
          bus.publishTaskEvent(toTaskEvent(cancelled));
          bus.publishCancel(taskId);
        },
        (err: unknown) => log.warn({ err, task_id: taskId }, 'the task of a client that left could not be cancelled'),
      );
    });
  }

  function stoppingError(taskId: string, req: Request): ApiError {
    return new ApiError('service_unavailable', {
      headers: {
        location: `${taskUrl(urls.originOf(req), 'video', taskId)}/result`,
        'retry-after': RETRY_AFTER_S,
        'x-should-retry': 'false',
      },
    });
  }

  return async (req: Request, res: Response): Promise<void> => {
    const request = parseVideoCompletion(req.body, models, limits);
    const taskId = await acceptVideoTask(request.video, req, res.locals.identity.owner, dependencies);
    res.set('x-task-id', taskId);
    cancelWhenLeft(taskId, res);
    await answer(taskId, request, req, res);
  };
}
