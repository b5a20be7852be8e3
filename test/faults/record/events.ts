/** A state of a task; the last three are its ends. */
export type State = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';

/** What the clients of a run did and were told. `prompt` tells requests apart: each has another one. */
export type ClientEvent =
  | { source: 'client'; what: 'sent'; at: number; prompt: string }
  | { source: 'client'; what: 'accepted'; at: number; prompt: string; task: string }
  /** Refused, or never answered (then `status` is null). */
  | { source: 'client'; what: 'refused'; at: number; prompt: string; status: number | null }
  /** An answer to GET: `begunAt` is when it was asked for, `at` when it was there. `final`: after the run. */
  | {
      source: 'client';
      what: 'read';
      at: number;
      begunAt: number;
      task: string;
      status: State;
      progress: number;
      final: boolean;
    };

/** A task's row after a change, in the order of the changes of that row. */
export interface RowEvent {
  source: 'row';
  at: number;
  task: string;
  op: 'INSERT' | 'UPDATE' | 'DELETE';
  row: Row;
}

/** The columns of a task that are looked at. Times are milliseconds. */
export interface Row {
  prompt: string;
  state: State;
  version: number;
  progress: number;
  claimToken: string | null;
  claimWorker: string | null;
  claimExpiresAt: number | null;
  submitIntentAt: number | null;
  credentialId: string | null;
  upstreamJobId: string | null;
  result: string | null;
  errorCode: string | null;
  callbackUrl: string | null;
}

/** What the upstream, as the witness, was asked. */
export type UpstreamEvent =
  | {
      source: 'upstream';
      what: 'create';
      at: number;
      prompt: string;
      /** Null when no answer was begun. */
      status: number | null;
      ended: 'complete' | 'client_closed' | 'hung' | 'cut' | null;
    }
  | { source: 'upstream'; what: 'poll'; at: number; job: string }
  /** A job that it has made. */
  | { source: 'upstream'; what: 'job'; at: number; job: string; prompt: string };

/** An event of a task's stream, as a reader got it; a reader that connects again stays the same reader. */
export interface StreamEvent {
  source: 'stream';
  at: number;
  reader: number;
  task: string;
  /** Null in the snapshot of a task that has ended. */
  version: number | null;
  type: string;
  progress: number;
}

/** A callback that arrived, and how it was answered. */
export interface CallbackEvent {
  source: 'callback';
  at: number;
  webhookId: string;
  task: string;
  type: string;
  body: string;
  answered: number;
}

/** What a worker's log says of a task. */
export interface WorkerEvent {
  source: 'worker';
  at: number;
  worker: string;
  task: string;
  what: 'claimed' | 'submitted' | 'completed' | 'failed' | 'handed back' | 'left';
}

/** A grant of the token pool after a change, in the order of the changes of its credential. */
export interface GrantEvent {
  source: 'grant';
  at: number;
  op: 'INSERT' | 'UPDATE' | 'DELETE';
  id: string;
  credential: string;
  holder: string;
  slots: number;
  expiresAt: number;
}

/** What the test did to the system. */
export interface FaultEvent {
  source: 'fault';
  at: number;
  what: string;
}

export type RecordedEvent =
  | ClientEvent
  | RowEvent
  | UpstreamEvent
  | StreamEvent
  | CallbackEvent
  | WorkerEvent
  | GrantEvent
  | FaultEvent;

/** Something that must not be, with the rule that it breaks. */
export interface Violation {
  rule: string;
  /** The task, or whatever else it is about. */
  subject: string;
  found: string;
}

const ENDS: readonly string[] = ['completed', 'failed', 'cancelled'];

export function isEnd(state: string): boolean {
  return ENDS.includes(state);
}

/** The events of one source, in their order. */
export function eventsOf<Source extends RecordedEvent['source']>(
  record: readonly RecordedEvent[],
  source: Source,
): Extract<RecordedEvent, { source: Source }>[] {
  return record.filter((event): event is Extract<RecordedEvent, { source: Source }> => event.source === source);
}

/** Events by what they are about, each list in their order. */
export function groupBy<Event>(events: readonly Event[], keyOf: (event: Event) => string): Map<string, Event[]> {
  const groups = new Map<string, Event[]>();
  for (const event of events) {
    const key = keyOf(event);
    const group = groups.get(key);
    if (group) group.push(event);
    else groups.set(key, [event]);
  }
  return groups;
}
