import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { RandomHex } from '@grok2api/contracts';
import type { MediaStore } from '@grok2api/media-store';
import type { KeptReply } from '@grok2api/task-store';

/** A body up to this is kept in the record itself. */
const MAX_INLINE_BYTES = 16 * 1024;
const MAX_BYTES = 512 * 1024 * 1024;

/** Keeps a reply's body as it is written: a small one in memory, a big one in the media store. */
export class ReplyBody {
  #head: Uint8Array[] = [];
  #bytes = 0;
  #file: { id: string; stream: PassThrough; stored: Promise<unknown> } | undefined;

  constructor(
    private readonly media: MediaStore,
    private readonly randomHex: RandomHex,
  ) {}

  /** Adds bytes; resolves when more may come. @throws what the media store throws */
  async write(bytes: Uint8Array): Promise<void> {
    this.#bytes += bytes.length;
    if (this.#file) return this.#append(bytes);
    this.#head.push(bytes);
    if (this.#bytes <= MAX_INLINE_BYTES) return;
    const stream = new PassThrough();
    const id = `reply_${this.randomHex()}.bin`;
    const stored = this.media.put(id, stream, { maxBytes: MAX_BYTES });
    // Whoever ends the body hears of it.
    stored.catch((err: unknown) => stream.destroy(err instanceof Error ? err : new Error(String(err))));
    stream.on('error', () => {});
    this.#file = { id, stream, stored };
    for (const chunk of this.#head.splice(0)) await this.#append(chunk);
  }

  /** The whole body as it is kept. @throws what the media store throws */
  async end(): Promise<KeptReply['body']> {
    if (!this.#file) return Buffer.concat(this.#head);
    const { id, stream, stored } = this.#file;
    stream.end();
    await stored;
    return { media: id };
  }

  /** Keeps nothing. */
  discard(): void {
    this.#file?.stream.destroy(new Error('the reply did not become whole'));
  }

  async #append(bytes: Uint8Array): Promise<void> {
    if (!this.#file) return;
    const { stream, stored } = this.#file;
    if (stream.destroyed) await stored;
    if (!stream.write(bytes)) await Promise.race([once(stream, 'drain'), stored]);
  }
}
