import type { ServerResponse } from 'node:http';
import { type ReceivedCallback, Receiver } from '@grok2api/testkit';
import type { CallbackEvent } from './events.js';

/** The network in which it is: what `FETCH_ALLOW` has to be. */
export const WITNESS_NETWORK = '127.0.0.0/8';

/** Answers a callback with a status, or not in time. `nth` counts those of the same webhook id. */
export type CallbackStatus = (received: ReceivedCallback, nth: number) => number | 'late';

/** Later than any dispatcher waits here. */
const LATE_MS = 5_000;

/** Takes callbacks, and records each with how it was answered. */
export class CallbackWitness {
  /** What it answers from now on. */
  status: CallbackStatus = () => 204;

  private constructor(private readonly receiver: Receiver) {}

  static async start(record: (event: CallbackEvent) => void): Promise<CallbackWitness> {
    const receiver = await Receiver.start();
    const witness = new CallbackWitness(receiver);
    receiver.answer = (response: ServerResponse, received, nth) => {
      const status = witness.status(received, nth);
      // What comes late is not taken: it is posted again.
      const answered = status === 'late' ? 504 : status;
      const { type, task_id } = JSON.parse(received.body) as { type: string; task_id: string };
      const webhookId = String(received.headers['webhook-id']);
      record({
        source: 'callback',
        at: received.at,
        webhookId,
        task: task_id,
        type,
        body: received.body,
        answered,
      });
      const end = () => response.writeHead(answered, { location: witness.url }).end();
      if (status === 'late') setTimeout(end, LATE_MS).unref();
      else end();
    };
    return witness;
  }

  get url(): string {
    return this.receiver.url();
  }

  stop(): Promise<void> {
    return this.receiver.stop();
  }
}
