import type { ApiError, RandomHex } from '@grok2api/contracts';
import type { MediaStore } from '@grok2api/media-store';
import type { Logger } from '@grok2api/service-kit';
import type { Attempt, Idempotency, KeptReply, NewTask, Tasks } from '@grok2api/task-store';
import type { Answer } from '../answer.js';
import { type WholeReply, wholeReply } from './kept-reply.js';
import { ReplyBody } from './reply-body.js';

export interface KeyedWorkDependencies {
  records: Idempotency;
  media: MediaStore;
  randomHex: RandomHex;
  log: Logger;
}

export interface KeyedWorkOptions {
  attempt: Attempt;
  /** The task that an attempt before this one made: to be gone on with, rather than made again. */
  taskId: string | undefined;
  /** Whether a second time might be billed again. A task is none of that: it is never made a second time. */
  paid: boolean;
}

const UNAVAILABLE = 503;

/**
 * The work on one request with an Idempotency-Key, up to its reply, which is kept for whoever sends the request again.
 * That it cannot be kept is logged; who waits for the reply gets it all the same.
 */
export class KeyedWork {
  /** Whether the record says what became of it. */
  #over = false;

  constructor(
    private readonly options: KeyedWorkOptions,
    private readonly dependencies: KeyedWorkDependencies,
  ) {}

  get attempt(): Attempt {
    return this.options.attempt;
  }

  get taskId(): string | undefined {
    return this.options.taskId;
  }

  /**
   * Accepts a task in the name of this work.
   * @param answer the whole reply, where the acceptance is all that is replied
   * @throws AttemptLostError, StoreUnavailableError
   */
  async createTask(tasks: Tasks, task: NewTask, answer: Answer | undefined): Promise<void> {
    await tasks.createOnce(task, this.attempt, answer && wholeReply(answer));
    this.#over ||= answer !== undefined;
  }

  /** Keeps a reply. */
  async complete({ body, ...head }: WholeReply): Promise<void> {
    const kept = this.#newBody();
    await this.#try(async () => {
      await kept.write(body);
      await this.#keep({ ...head, body: await kept.end() });
    });
  }

  /** Passes a reply's bytes on, and keeps them when they have come whole. */
  async *keep(source: AsyncIterable<Uint8Array>, headers: KeptReply['headers']): AsyncGenerator<Uint8Array> {
    const kept = this.#newBody();
    let keeping = true;
    let whole = false;
    try {
      for await (const bytes of source) {
        keeping &&= await this.#try(() => kept.write(bytes));
        yield bytes;
      }
      whole = true;
    } finally {
      if (!whole || !keeping) kept.discard();
    }
    if (keeping) await this.#try(async () => this.#keep({ status: 200, headers, body: await kept.end() }));
  }

  /** Ends the work with an error. It is kept where a second time might be billed again; else the key is free again. */
  async fail(error: ApiError): Promise<void> {
    if (this.#over) return;
    if (error.headers['x-should-retry'] !== 'false') {
      this.#over = await this.#try(() => this.dependencies.records.forget(this.attempt));
    } else if (error.status !== UNAVAILABLE) {
      await this.complete(wholeReply({ status: error.status, headers: error.headers, body: error.toBody() }));
    }
    // An interruption is no reply: whoever comes next finds what became of the work.
  }

  /** Ends the work, if nothing else has. */
  async end(): Promise<void> {
    if (this.#over) return;
    const { records } = this.dependencies;
    await this.#try(() => (this.options.paid ? records.end(this.attempt) : records.forget(this.attempt)));
  }

  #newBody(): ReplyBody {
    return new ReplyBody(this.dependencies.media, this.dependencies.randomHex);
  }

  async #keep(reply: KeptReply): Promise<void> {
    await this.dependencies.records.complete(this.attempt, reply);
    this.#over = true;
  }

  /** Whether it went well. */
  async #try(write: () => Promise<void>): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (err) {
      this.dependencies.log.warn({ err }, 'the reply to a request with an Idempotency-Key could not be kept');
      return false;
    }
  }
}
