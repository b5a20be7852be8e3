import type { ServerResponse } from 'node:http';
import { type ReceivedCallback, Receiver } from '@grok2api/testkit';
import type { CallbackEvent } from './events.js';

/** The network in which it is: what `FETCH_ALLOW` has to be. */
export const WITNESS_NETWORK = '127.0.0.0/8';

/** Answers a callback with a status. `nth` counts those of the same webhook id. */
export type CallbackStatus = (received: ReceivedCallback, nth: number) => number;

/** Takes callbacks, and records each with how it was answered. */
export class CallbackWitness {
  /** What it answers from now on. */
  status: CallbackStatus = () => 204;

  private constructor(private readonly receiver: Receiver) {}

  static async start(record: (event: CallbackEvent) => void): Promise<CallbackWitness> {
    const receiver = await Receiver.start();
    const witness = new CallbackWitness(receiver);
    receiver.answer = (response: ServerResponse, received, nth) => {
      const answered = witness.status(received, nth);
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
      response.writeHead(answered).end();
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
