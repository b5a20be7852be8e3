import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type MediaStore, parseMediaId } from '@grok2api/media-store';

/** Bytes of a message's body that are sent on the bus: NATS takes 1 MiB by default, headers included. */
export const MAX_BODY_BYTES = 900 * 1024;
/** Bytes of a body that is left in the media store. */
export const MAX_CLAIM_BYTES = 64 * 1024 * 1024;

/**
 * Leaves a body in the store for another process, and gives the media id to claim it by. Who leaves it removes it; one
 * that was left behind goes with the ordinary sweep. Nothing that holds a secret may be left so.
 * @throws what the store throws; the signal's reason
 */
export async function leaveBody(store: MediaStore, body: Uint8Array, signal: AbortSignal): Promise<string> {
  const id = `request_${randomBytes(16).toString('hex')}.json`;
  await store.put(id, Readable.from([body]), { maxBytes: MAX_CLAIM_BYTES, signal });
  return id;
}

/** Reads a body that was left in the store. @throws when it is not there, or not what may be claimed */
export async function claimBody(store: MediaStore, id: string): Promise<Uint8Array> {
  // The id comes in a message: it must not name a picture, or a text that the store would refuse.
  if (parseMediaId(id)?.kind !== 'request') throw new Error('no request is claimed by this id');
  const opened = await store.open(id);
  if (!opened) throw new Error('the body of the request is not there');
  if (opened.bytes > MAX_CLAIM_BYTES) {
    opened.stream.destroy();
    throw new Error(`the body of the request has ${opened.bytes} bytes`);
  }
  return buffer(opened.stream);
}
