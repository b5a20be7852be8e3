import type { Msg } from 'nats';

/**
 * The streamed reply, over core NATS.
 *
 * A request goes to the subject's queue group with a stream subject of the requester as NATS reply. Each process has
 * one wildcard inbox for the streams it reads (`INBOX.n`) and one for those it writes (the _control subjects_).
 *
 * What the responder sends to the stream subject are frames: 1 byte kind, 4 bytes sequence number (big endian, from 0,
 * every frame counts), payload.
 *
 * - `ping` carries the control subject as NATS reply. The first frame of an accepted request is one, sent at once;
 *   further ones follow every 5 s. When the requester's process is gone the server itself answers the control subject
 *   with "no responders". The requester answers a ping after the first with `alive`, one of a stream that it does not
 *   know with `cancel`, which is also how it cancels before it was accepted.
 * - `chunk` carries bytes of the reply, at most 128 KiB. Each reaches the reader as it was sent.
 * - `end` and `error` (a stream error as JSON) are the last.
 * - `gone` has no number of the sequence: the responder does not know the stream any more, or has dropped it.
 *
 * What the requester sends to the control subject:
 *
 * - `alive`: the total cost of the chunks that its reader has taken so far (float64, see `chunkCost`). Being a total, a
 *   lost one is made up for by the next. Sent whenever half a window was taken, in answer to a ping, and after every 2 s
 *   in which nothing came; then with the stream subject as NATS reply, so that the server says "no responders" when
 *   the responder's process is gone, and so that a responder which does not know the stream can answer `gone`.
 * - `cancel`.
 *
 * The responder sends chunks as long as what was sent and not yet taken stays within the window of 512 KiB. So neither
 * side ever holds more of a stream than that, whatever the reader does.
 *
 * Nothing is sent again. A gap in the sequence, "no responders", `gone`, 5 s without the first frame or 15 s without any
 * end the stream for the requester; `cancel`, "no responders", three pings without an answer or 60 s in which a full
 * window stayed full end it for the responder.
 */
export const FRAME = { ping: 0, chunk: 1, end: 2, error: 3, gone: 4 } as const;
export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

/** Bytes of a chunk at most. Small enough to leave the connection to others soon. */
export const MAX_CHUNK_BYTES = 128 * 1024;
/** What may be sent and not yet taken of one stream, as `chunkCost` counts. */
export const WINDOW = 512 * 1024;

const HEADER_BYTES = 5;
/** About what a waiting chunk costs in memory besides its bytes. */
const CHUNK_OVERHEAD = 256;
const NO_PAYLOAD = new Uint8Array(0);
const NO_RESPONDERS = 503;

/** How much of the window a chunk takes. Counting bytes alone, a window of chunks of one byte would hold a hundred megabytes. */
export function chunkCost(bytes: number): number {
  return bytes + CHUNK_OVERHEAD;
}

/** A frame's message. Copies the payload once: the client takes a message in one piece only. */
export function encodeFrame(kind: FrameKind, sequence: number, payload: Uint8Array = NO_PAYLOAD): Uint8Array {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  frame[0] = kind;
  frame.writeUInt32BE(sequence, 1);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** The kind of a frame; undefined for what is no frame. */
export function frameKind(message: Uint8Array): FrameKind | undefined {
  const kind = message[0];
  return message.length >= HEADER_BYTES && isFrameKind(kind) ? kind : undefined;
}

function isFrameKind(kind: number | undefined): kind is FrameKind {
  return kind !== undefined && kind <= FRAME.gone;
}

/** The sequence number of a frame. */
export function frameSequence(frame: Uint8Array): number {
  return (frame[1] ?? 0) * 0x1_00_00_00 + (((frame[2] ?? 0) << 16) | ((frame[3] ?? 0) << 8) | (frame[4] ?? 0));
}

/** The number after a sequence number. */
export function nextSequence(sequence: number): number {
  return (sequence + 1) >>> 0;
}

/**
 * The payload of a frame. A small one is copied: it is cut out of what was read from the socket at once, which a single
 * waiting chunk would keep in memory whole.
 */
export function framePayload(frame: Uint8Array): Uint8Array {
  const small = 2 * frame.length < frame.buffer.byteLength;
  return small ? Uint8Array.prototype.slice.call(frame, HEADER_BYTES) : frame.subarray(HEADER_BYTES);
}

const CONTROL = { alive: 0, cancel: 1 } as const;
const ALIVE_BYTES = 9;

export type ControlMessage = { kind: 'alive'; taken: number } | { kind: 'cancel' };

/** The message that the requester lives and has taken so much. */
export function encodeAlive(taken: number): Uint8Array {
  const message = Buffer.allocUnsafe(ALIVE_BYTES);
  message[0] = CONTROL.alive;
  message.writeDoubleBE(taken, 1);
  return message;
}

/** The message that the requester wants no more. */
export function encodeCancel(): Uint8Array {
  return Uint8Array.of(CONTROL.cancel);
}

/** Reads a control message; undefined for what is none. */
export function decodeControl(message: Uint8Array): ControlMessage | undefined {
  if (message[0] === CONTROL.cancel && message.length === 1) return { kind: 'cancel' };
  if (message[0] !== CONTROL.alive || message.length !== ALIVE_BYTES) return undefined;
  const taken = new DataView(message.buffer, message.byteOffset).getFloat64(1);
  return taken >= 0 ? { kind: 'alive', taken } : undefined;
}

/** Whether a message is the server's word that nobody listens where one was sent that names this subject as its reply. */
export function isNoResponders(message: Msg): boolean {
  return message.data.length === 0 && message.headers?.code === NO_RESPONDERS;
}
