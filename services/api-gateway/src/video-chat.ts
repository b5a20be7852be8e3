import {
  ApiError,
  type MediaRequestLimits,
  type ModelCatalogue,
  parseVideoCompletion,
  resultUrls,
  type VideoCompletionRequest,
} from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import { StoreUnavailableError, toTaskEvent } from '@grok2api/task-store';
import type { Request, Response } from 'express';
import { type AcceptVideoDependencies, acceptVideoTask } from './accept-video-task.js';
import { GatewayStoppingError } from './gateway-stopping-error.js';
import { SSE_HEADERS, wholeReply } from './idempotency/kept-reply.js';
import { type CompletionFrame, completion, contentChunks, roleChunk } from './media-completion.js';
import { eventsText, SseStream } from './reply/sse-stream.js';
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
    const role = roleChunk(frame);
    sse?.write([role]);
    try {
      const content = await awaitContent(taskId, awaiter, res);
      const last = contentChunks(frame, content, request.includeUsage);
      const whole = completion(frame, content);
      const headers = { 'x-task-id': taskId };
      await res.locals.work?.complete(
        sse
          ? { status: 200, headers: { ...SSE_HEADERS, ...headers }, body: Buffer.from(eventsText([role, ...last])) }
          : wholeReply({ status: 200, headers, body: whole }),
      );
      sse?.write(last);
      if (sse) sse.end();
      else res.json(whole);
    } catch (err) {
      const interrupted = err instanceof GatewayStoppingError || err instanceof StoreUnavailableError;
      const error = interrupted ? interruption(taskId, req) : err;
      if (!sse || !(error instanceof ApiError)) throw error;
      sse.write([{ data: error.toBody() }]);
      sse.end();
    }
  }

  async function awaitContent(taskId: string, awaiter: TaskAwaiter, res: Response): Promise<string> {
    const watch = await feed.watch(taskId, awaiter);
    if (!watch) throw new ApiError('task_cancelled');
    // A client with an Idempotency-Key may come back for the reply.
    if (!res.locals.work) res.once('close', watch.stop);
    awaiter.begin(watch.snapshot);
    const end = await awaiter.ended.finally(watch.stop);
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

  /** The task goes on although nobody waits for it here any more. */
  function interruption(taskId: string, req: Request): ApiError {
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
    const { work } = res.locals;
    const taskId = work?.taskId ?? (await acceptVideoTask(request.video, undefined, req, res, dependencies));
    res.set('x-task-id', taskId);
    if (!work) cancelWhenLeft(taskId, res);
    await answer(taskId, request, req, res);
  };
}
