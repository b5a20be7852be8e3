import { STREAM_ERROR_MESSAGE_MAX, type StreamErrorDetails } from '@grok2api/contracts';

/** A streamed reply ended badly: thrown by a handler to end its reply so, and by the reading of such a reply. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly details: StreamErrorDetails;

  constructor(details: StreamErrorDetails, options?: ErrorOptions) {
    super(details.message, options);
    this.details = { ...details, message: details.message.slice(0, STREAM_ERROR_MESSAGE_MAX) };
  }
}

const LOSSES = {
  died: 'its process is gone',
  silent: 'nothing comes from it any more',
  gap: 'a part of its reply was lost',
  dropped: 'it has dropped the stream',
} as const;

/** The responder of a stream, or a part of its reply, was lost; how much it did is not known. */
export class ResponderLostError extends Error {
  override readonly name = 'ResponderLostError';
  constructor(
    readonly subject: string,
    /** `dropped`: it does not know the stream any more, or the reader took nothing for too long. */
    readonly loss: keyof typeof LOSSES,
  ) {
    super(`the responder on ${subject} was lost: ${LOSSES[loss]}`);
  }
}

const LEAVES = {
  cancelled: 'it cancelled',
  died: 'its process is gone',
  silent: 'nothing comes from it any more',
  stalled: 'it takes nothing of the reply',
} as const;

/** Why a handler is to stop: nobody wants its reply any more. The reason of the handler's signal. */
export class RequesterLeftError extends Error {
  override readonly name = 'RequesterLeftError';
  constructor(readonly leave: keyof typeof LEAVES) {
    super(`the requester left: ${LEAVES[leave]}`);
  }
}

/** A request is too big for a message, and there is no store to leave it in, or it is too big for that too. */
export class RequestTooLargeError extends Error {
  override readonly name = 'RequestTooLargeError';
  constructor(
    readonly subject: string,
    readonly bytes: number,
    readonly maxBytes: number,
  ) {
    super(`the request to ${subject} has ${bytes} bytes; at most ${maxBytes} can be sent`);
  }
}
