import { setTimeout as sleep } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';

/** A task as the API shows it. */
export interface TaskBody {
  task_id: string;
  status: string;
  progress: number;
  video_url?: string;
  images?: string[];
  message: string;
  error?: { code: string; message: string };
  [field: string]: unknown;
}

/** An event of a task's stream. */
export interface StreamEvent {
  id: string | undefined;
  data: { type: string; status: string; progress: number; [field: string]: unknown };
}

const POLL_MS = 100;

/** How the tasks of each kind are made and where they are. */
const KINDS = {
  video: { path: '/v1/video/tasks', create: '/v1/video/tasks', model: 'grok-imagine-1.0-video' },
  image: { path: '/v1/images/tasks', create: '/v1/images/generations/async', model: 'grok-imagine-1.0' },
} as const;

/** Uses the tasks of a kind of a running system over HTTP. */
export class TaskClient {
  readonly #headers: Record<string, string>;

  constructor(
    readonly baseUrl: string,
    apiKey?: string,
    private readonly kind: keyof typeof KINDS = 'video',
  ) {
    this.#headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  }

  /** Sends a request as it is. */
  request(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.baseUrl + path, {
      method,
      headers: { ...this.#headers, ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  }

  /** Makes a task; resolves to its id. */
  async create(prompt: string, params: object = {}): Promise<string> {
    const { create, model } = KINDS[this.kind];
    const answer = await this.request('POST', create, { model, prompt, ...params });
    if (!answer.ok) throw new Error(`create answered ${answer.status}: ${await answer.text()}`);
    const body = (await answer.json()) as { task_id: string } | { data: { taskId: string } };
    return 'data' in body ? body.data.taskId : body.task_id;
  }

  /** Reads one task. */
  async get(id: string): Promise<TaskBody> {
    const answer = await this.request('GET', `${KINDS[this.kind].path}/${id}`);
    if (answer.status !== 200) throw new Error(`get answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as TaskBody;
  }

  /** Reads a task until it is as wanted. */
  async until(id: string, wanted: (task: TaskBody) => boolean, withinMs = 60_000): Promise<TaskBody> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const task = await this.get(id);
      if (wanted(task)) return task;
      if (Date.now() > deadline) throw new Error(`not as wanted within ${withinMs} ms: ${JSON.stringify(task)}`);
      await sleep(POLL_MS);
    }
  }

  /** Reads a task until it has ended. */
  ended(id: string, withinMs?: number): Promise<TaskBody> {
    return this.until(id, ({ status }) => ['completed', 'failed', 'cancelled'].includes(status), withinMs);
  }

  /** Watches a task's stream until the server closes it. */
  async *stream(id: string, headers: Record<string, string> = {}): AsyncGenerator<StreamEvent> {
    const answer = await this.request('GET', `${KINDS[this.kind].path}/${id}/stream`, undefined, headers);
    if (answer.status !== 200 || !answer.body) throw new Error(`stream answered ${answer.status}`);
    const events = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    for await (const event of events) yield { id: event.id, data: JSON.parse(event.data) };
  }
}
