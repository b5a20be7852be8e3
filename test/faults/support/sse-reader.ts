import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';

/** An event of a task's stream, the little of it that is kept. */
export interface ReadEvent {
  id: string | undefined;
  type: string;
  progress: number;
}

/** Readers are not limited by their number of sockets, and share none. */
const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
const TERMINAL = new Set(['completed', 'failed', 'cancelled']);

/** Reads one task's stream and keeps what is asserted of it, so that thousands fit into a test. */
export class SseReader {
  /** What the server asked for by `retry:`. */
  retryMs: number | undefined;
  /** The newest id, for `Last-Event-ID`. */
  lastId: string | undefined;
  first: ReadEvent | undefined;
  last: ReadEvent | undefined;
  /** Types of the terminal events, in their order. */
  readonly ends: string[] = [];
  /** Whether an event showed less progress than one before. */
  fell = false;
  /** How the connection ended: by the server's own end of the stream, or cut. */
  readonly closed: Promise<'ended' | 'cut'>;
  readonly #answer: IncomingMessage;
  readonly #onEvent: (event: ReadEvent) => void;
  #rest = '';

  private constructor(answer: IncomingMessage, onEvent: (event: ReadEvent) => void) {
    this.#answer = answer;
    this.#onEvent = onEvent;
    answer.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    this.closed = new Promise((resolve) => {
      answer.once('close', () => resolve(answer.complete ? 'ended' : 'cut'));
    });
    // A cut is told by `closed`.
    answer.on('error', () => {});
  }

  /** Opens the stream of a task. Resolves with the answer's head. */
  static async open(
    baseUrl: string,
    taskId: string,
    headers: Record<string, string> = {},
    { path = '/v1/video/tasks', onEvent = () => {} }: { path?: string; onEvent?: (event: ReadEvent) => void } = {},
  ): Promise<SseReader> {
    const request = get(`${baseUrl}${path}/${taskId}/stream`, { agent, headers });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    if (answer.statusCode !== 200) {
      answer.resume();
      throw new Error(`the stream answered ${answer.statusCode}`);
    }
    return new SseReader(answer, onEvent);
  }

  /** Takes nothing more from its socket until `resume`. */
  pause(): void {
    this.#answer.pause();
  }

  resume(): void {
    this.#answer.resume();
  }

  /** Leaves without a word. */
  leave(): void {
    this.#answer.destroy();
  }

  #read(text: string): void {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) this.#take(block);
  }

  #take(block: string): void {
    let id: string | undefined;
    for (const line of block.split('\n')) {
      if (line.startsWith('retry: ')) this.retryMs = Number(line.slice('retry: '.length));
      if (line.startsWith('id: ')) id = line.slice('id: '.length);
      if (line.startsWith('data: ')) this.#keep(id, JSON.parse(line.slice('data: '.length)));
    }
  }

  #keep(id: string | undefined, { type, progress }: { type: string; progress: number }): void {
    const event = { id, type, progress };
    this.fell ||= progress < (this.last?.progress ?? 0);
    this.first ??= event;
    this.last = event;
    this.lastId = id ?? this.lastId;
    if (TERMINAL.has(type)) this.ends.push(type);
    this.#onEvent(event);
  }
}
