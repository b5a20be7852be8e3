import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskBody, TaskClient } from '@grok2api/testkit';
import { type ReadEvent, SseReader } from '../support/sse-reader.js';
import { type ClientEvent, isEnd, type StreamEvent } from './events.js';
import { stateOf } from './row-history.js';

const CONNECT_AGAIN_MS = 200;

/** Makes, reads and watches tasks of one kind, and records what it asked and was told. */
export class RecordingClient {
  /** Ids of the tasks that were accepted. */
  readonly accepted: string[] = [];

  constructor(
    private readonly tasks: TaskClient,
    private readonly routes: { create: string; tasks: string; model: string },
    private readonly record: (event: ClientEvent | StreamEvent) => void,
    private readonly newReader: () => number,
  ) {}

  /**
   * Asks for a task.
   * @param prompt one that nobody else uses
   * @param onAnswer sees every answer
   * @returns its id; undefined when it was refused, or nobody knows whether it was accepted
   */
  async ask(
    prompt: string,
    params: object = {},
    {
      headers = {},
      onAnswer = () => {},
    }: { headers?: Record<string, string>; onAnswer?: (answer: Response) => void } = {},
  ): Promise<string | undefined> {
    const { create, model } = this.routes;
    this.record({ source: 'client', what: 'sent', at: Date.now(), prompt });
    const refused = (status: number | null) =>
      this.record({ source: 'client', what: 'refused', at: Date.now(), prompt, status });
    let answer: Response;
    let body: { task_id?: string; data?: { taskId?: string } };
    try {
      answer = await this.tasks.request('POST', create, { model, prompt, ...params }, headers);
      onAnswer(answer);
      body = (await answer.json()) as typeof body;
    } catch {
      // The connection was cut: nobody knows.
      refused(null);
      return undefined;
    }
    const task = body.task_id ?? body.data?.taskId;
    if (!answer.ok || task === undefined) {
      refused(answer.status);
      return undefined;
    }
    this.record({ source: 'client', what: 'accepted', at: Date.now(), prompt, task });
    this.accepted.push(task);
    return task;
  }

  /** Reads a task; undefined when there was no answer, or a refusal. */
  async read(task: string, final = false): Promise<TaskBody | undefined> {
    const begunAt = Date.now();
    const body = await this.tasks.get(task).catch(() => undefined);
    if (!body) return undefined;
    const { status, progress } = body;
    this.record({
      source: 'client',
      what: 'read',
      at: Date.now(),
      begunAt,
      task,
      status: stateOf(status),
      progress,
      final,
    });
    return body;
  }

  /** Watches a task until its end, and connects again whenever the stream is cut or closed before. */
  async watch(task: string, signal: AbortSignal): Promise<void> {
    const reader = this.newReader();
    let lastId: string | undefined;
    let ended = false;
    while (!ended && !signal.aborted) {
      const headers: Record<string, string> = lastId === undefined ? {} : { 'last-event-id': lastId };
      const onEvent = ({ id, type, progress }: ReadEvent) => {
        const version = id === undefined ? null : Number(id);
        this.record({ source: 'stream', at: Date.now(), reader, task, version, type, progress });
        lastId = id ?? lastId;
        ended ||= isEnd(type);
      };
      const { baseUrl } = this.tasks;
      const stream = await SseReader.open(baseUrl, task, headers, { path: this.routes.tasks, onEvent }).catch(
        // No gateway answers, or not well: it is tried again.
        () => undefined,
      );
      const leave = () => stream?.leave();
      signal.addEventListener('abort', leave, { once: true });
      await stream?.closed;
      signal.removeEventListener('abort', leave);
      if (!ended && !signal.aborted) await sleep(CONNECT_AGAIN_MS);
    }
  }
}
