import {
  ApiError,
  callbackDue,
  deleteTasksSchema,
  hasEnded,
  isTaskId,
  listTasksSchema,
  newTaskId,
  parseRequest,
  type TaskBody,
  type TaskKind,
  taskBody,
  taskFields,
  taskResults,
  taskStatusPathSchema,
} from '@grok2api/contracts';
import type { MediaStore } from '@grok2api/media-store';
import type { Counter } from '@grok2api/service-kit';
import { type DeleteSelection, type Task, toTaskEvent } from '@grok2api/task-store';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { AcceptDependencies } from '../accept-task.js';
import { type Answer, sendAnswer } from '../answer.js';
import { createTask } from '../create-task.js';
import { decodeCursor, encodeCursor } from '../cursor.js';
import type { KeyedRequests } from '../idempotency/keyed-requests.js';
import { requireModelAccess } from '../middleware/allowed-model.js';
import type { QueuePositions } from '../queue-positions.js';
import { SseStream } from '../reply/sse-stream.js';
import { sendWithImages } from '../send-with-images.js';
import type { TaskStreamContext } from '../task-events.js';
import type { TaskFeed } from '../task-feed.js';
import { TaskSteps } from '../task-steps.js';
import { TaskStream } from '../task-stream.js';
import { KIND_PATHS } from '../task-url.js';

export interface TaskRoutesDependencies extends AcceptDependencies {
  kind: TaskKind;
  /** What answers the create, where the kind's tasks are made by a POST to their list. */
  create?: (req: Request, res: Response) => Promise<void>;
  media: MediaStore;
  feed: TaskFeed;
  keyed: KeyedRequests;
  positions: QueuePositions;
  /** Middleware that parses a JSON body. */
  json: RequestHandler[];
  requireKey: RequestHandler;
  /** Middleware of the routes that read one task by its id. */
  readTask: RequestHandler;
  skippedEvents: Counter;
}

/** The tasks of a kind: create, list, read, watch, cancel, delete, try again. */
export function taskRoutes(dependencies: TaskRoutesDependencies): Router {
  const { kind, create, tasks, bus, feed, keyed, positions, media, json, requireKey, readTask } = dependencies;
  const { urls, randomHex, pendingLimit, skippedEvents, now } = dependencies;
  const path = `${KIND_PATHS[kind]}/tasks`;
  const steps = new TaskSteps();
  const router = Router();

  const list = router.route(path);
  if (create) list.post(requireKey, ...json, keyed.once(create));
  list
    .get(requireKey, async (req, res) => {
      const { status, limit, cursor } = parseRequest(listTasksSchema, req.query);
      const page = await tasks.list({
        kind,
        owner: res.locals.identity.owner,
        state: status,
        limit,
        before: cursor === undefined ? undefined : decodeCursor(cursor),
      });
      res.json({
        tasks: page.tasks.map((task) => taskFields(task, res.locals.texts)),
        total: page.total,
        ...(page.totalIsCapped ? { total_is_capped: true } : {}),
        next_cursor: page.next === undefined ? null : encodeCursor(page.next),
      });
    })
    .delete(requireKey, ...json, async (req, res) => {
      const { task_ids } = parseRequest(deleteTasksSchema, req.body);
      const count = await deleteTasks(res, { ids: task_ids });
      res.json({ status: 'success', count, message: res.locals.texts.deleted(count) });
    });

  router.route(`${path}/all`).delete(requireKey, async (_req, res) => {
    const count = await deleteTasks(res, 'all');
    res.json({ status: 'success', count, message: res.locals.texts.deletedAll(count) });
  });

  router.route(`${path}/status/:status`).delete(requireKey, async (req, res) => {
    const { status } = parseRequest(taskStatusPathSchema, req.params);
    const count = await deleteTasks(res, { state: status });
    res.json({ status: 'success', count, message: res.locals.texts.deletedByStatus(count, status) });
  });

  router
    .route(`${path}/:id`)
    .get(readTask, async (req, res) => {
      const task = await visibleTask(req.params.id, res);
      await sendTask(task, taskBody(task, res.locals.texts, await positions.of(task)), res);
    })
    .delete(requireKey, async (req, res) => {
      const task = await visibleTask(req.params.id, res);
      await cancel(task);
      res.json({ status: 'success', message: res.locals.texts.taskCancelled });
    });

  router.route(`${path}/:id/result`).get(readTask, async (req, res) => {
    const task = await visibleTask(req.params.id, res);
    const body = taskBody(task, res.locals.texts, await positions.of(task));
    if (hasEnded(task.state)) await sendTask(task, body, res);
    else res.status(409).json({ ...body, code: 409, ...new ApiError('task_not_finished').toBody() });
  });

  router.route(`${path}/:id/retry`).post(requireKey, keyed.once(retry));

  router.route(`${path}/:id/stream`).get(readTask, async (req, res) => {
    const task = await visibleTask(req.params.id, res);
    const seen = Number(req.get('last-event-id') ?? Number.NaN);
    if (hasEnded(task.state) && seen >= task.version) {
      res.status(204).end();
      return;
    }
    await streamTask(task, res);
  });

  async function retry(req: Request, res: Response): Promise<void> {
    const task = await visibleTask(String(req.params.id), res);
    if (task.state !== 'failed') throw new ApiError('task_not_failed', { values: { state: task.state } });
    requireModelAccess(res, task.model);
    await pendingLimit.admit(kind, task.owner);
    const again = { ...task, id: newTaskId(randomHex), origin: urls.originOf(req) };
    const body = { status: 'success', task_id: again.id, message: res.locals.texts.taskSubmitted(kind) };
    const answer: Answer = { status: 200, headers: {}, body };
    await createTask(again, { work: res.locals.work, answer }, dependencies);
    sendAnswer(res, answer);
  }

  /** The task, if it exists and the sender of the request may see it. */
  async function visibleTask(id: string, res: Response): Promise<Task> {
    const task = isTaskId(id) ? await tasks.get(id) : undefined;
    const { owner, byCapability } = res.locals.identity;
    if (task?.kind !== kind || !(byCapability || task.owner === owner)) throw new ApiError('task_not_found');
    return task;
  }

  /** Answers with a single task; images whose maker wanted base64 are in it. */
  async function sendTask(task: Task, body: TaskBody, res: Response): Promise<void> {
    const inBase64 = task.kind === 'image' && task.params.response_format !== 'url';
    if (inBase64 && task.result) await sendWithImages(res, body, task.result.media, media);
    else res.json(body);
  }

  async function cancel(task: Task): Promise<void> {
    const cancelled = hasEnded(task.state) ? undefined : await tasks.cancel(task.id);
    if (cancelled) {
      bus.publishTaskEvent(toTaskEvent(cancelled));
      bus.publishCancel(cancelled.id);
      if (cancelled.callbackUrl !== undefined) bus.publish(callbackDue, {});
      return;
    }
    // It ended before, or while it was being cancelled.
    const ended = hasEnded(task.state) ? task : await tasks.get(task.id);
    if (!ended) throw new ApiError('task_not_found');
    if (ended.state !== 'cancelled') throw new ApiError('task_already_finished', { values: { state: ended.state } });
  }

  async function deleteTasks(res: Response, selection: DeleteSelection): Promise<number> {
    let count = 0;
    for await (const batch of tasks.delete(kind, res.locals.identity.owner, selection)) {
      count += batch.length;
      for (const task of batch) {
        bus.publishTaskEvent({ ...toTaskEvent(task), state: 'cancelled' });
        bus.publishCancel(task.id);
        for (const mediaId of task.result?.media ?? []) await media.delete(mediaId);
      }
      if (batch.some(({ callbackUrl }) => callbackUrl !== undefined)) bus.publish(callbackDue, {});
    }
    return count;
  }

  async function streamTask(task: Task, res: Response): Promise<void> {
    const context: TaskStreamContext = {
      taskId: task.id,
      kind,
      texts: res.locals.texts,
      results: ({ result }) => taskResults({ kind, result, origin: task.origin }),
      skipped: () => skippedEvents.inc(),
    };
    const stream = new TaskStream(context, steps);
    const watch = await feed.watch(task.id, stream);
    if (!watch) throw new ApiError('task_not_found');
    res.once('close', watch.stop);
    if (res.destroyed) return watch.stop();
    stream.begin(new SseStream(res, now, () => stream.flush()), watch.snapshot);
  }

  return router;
}
