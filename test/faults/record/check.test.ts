import { describe, expect, it } from 'vitest';
import { violationsIn } from './check/index.js';
import type { CallbackEvent, ClientEvent, GrantEvent, RecordedEvent, Row, RowEvent, StreamEvent } from './events.js';

const TASK = 'task_1';
const PROMPT = 'a dog';

function row(at: number, changed: Partial<Row>, op: RowEvent['op'] = 'UPDATE'): RowEvent {
  const blank: Row = {
    prompt: PROMPT,
    state: 'pending',
    version: 1,
    progress: 0,
    claimToken: null,
    claimWorker: null,
    claimExpiresAt: null,
    submitIntentAt: null,
    credentialId: null,
    upstreamJobId: null,
    result: null,
    errorCode: null,
    callbackUrl: 'http://127.0.0.1/hook',
  };
  return { source: 'row', at, task: TASK, op, row: { ...blank, ...changed } };
}

const claim = { claimToken: 'a', claimWorker: 'one', claimExpiresAt: 1_000 };
const intended = { ...claim, submitIntentAt: 30 };
const running = { ...intended, state: 'running', version: 2, upstreamJobId: 'job_1' } as const;
const ended = {
  ...running,
  state: 'completed',
  version: 4,
  progress: 100,
  result: '{}',
  claimToken: null,
  claimWorker: null,
  claimExpiresAt: null,
} as const;

const read = (begunAt: number, status: Row['state'], progress: number, final = false): ClientEvent => ({
  source: 'client',
  what: 'read',
  at: begunAt + 5,
  begunAt,
  task: TASK,
  status,
  progress,
  final,
});
const told = (at: number, version: number | null, type: string, progress: number): StreamEvent => ({
  source: 'stream',
  at,
  reader: 1,
  task: TASK,
  version,
  type,
  progress,
});
const callback = (at: number, changed: Partial<CallbackEvent> = {}): CallbackEvent => ({
  source: 'callback',
  at,
  webhookId: 'msg_1',
  task: TASK,
  type: 'video.task.completed',
  body: '{}',
  answered: 204,
  ...changed,
});
const create = (at: number, status: number | null, ended: 'complete' | 'cut' = 'complete'): RecordedEvent => ({
  source: 'upstream',
  what: 'create',
  at,
  prompt: PROMPT,
  status,
  ended,
});
const grant = (at: number, id: string, op: GrantEvent['op'], slots = 2, expiresAt = 1_000): GrantEvent => ({
  source: 'grant',
  at,
  op,
  id,
  credential: 'cred_1',
  holder: 'one',
  slots,
  expiresAt,
});

/** A task from its request to its callback, as it should be. */
const GOOD: readonly RecordedEvent[] = [
  { source: 'client', what: 'sent', at: 0, prompt: PROMPT },
  row(10, {}, 'INSERT'),
  { source: 'client', what: 'accepted', at: 15, prompt: PROMPT, task: TASK },
  row(20, claim),
  row(30, intended),
  create(35, 200),
  { source: 'upstream', what: 'job', at: 36, job: 'job_1', prompt: PROMPT },
  row(40, running),
  told(41, 2, 'snapshot', 0),
  { source: 'upstream', what: 'poll', at: 50, job: 'job_1' },
  row(55, { ...running, version: 3, progress: 50 }),
  told(56, 3, 'progress', 50),
  read(60, 'running', 50),
  row(90, ended),
  { source: 'worker', at: 91, worker: 'one', task: TASK, what: 'completed' },
  told(91, 4, 'completed', 100),
  callback(95),
  read(200, 'completed', 100, true),
];

/** The good record with other events in place of some, or besides. */
const broken = (without: (event: RecordedEvent) => boolean, ...added: RecordedEvent[]) =>
  [...GOOD.filter((event) => !without(event)), ...added].toSorted((one, other) => one.at - other.at);
const none = () => false;
const at =
  (...times: number[]) =>
  (event: RecordedEvent) =>
    times.includes(event.at);
const of = (source: RecordedEvent['source']) => (event: RecordedEvent) => event.source === source;
const rulesIn = (record: readonly RecordedEvent[], limit = 0) => [
  ...new Set(violationsIn(record, limit).map(({ rule }) => rule)),
];

describe('a record', () => {
  it('of what should be has no fault', () => {
    expect(violationsIn(GOOD, 4)).toEqual([]);
  });

  it.each<[string, RecordedEvent[], string]>([
    ['an accepted task without a row', broken(of('row')), 'what is accepted has a row'],
    ['a task that never ends', broken(at(90)), 'a task reaches one end'],
    [
      'a second end',
      broken(none, row(92, { ...ended, state: 'running', version: 5 }), row(93, { ...ended, version: 6 })),
      'a task reaches one end',
    ],
    [
      'an end that becomes another',
      broken(none, row(93, { ...ended, state: 'failed' })),
      'nothing is written after the end',
    ],
    [
      'a result after the end',
      broken(none, row(93, { ...ended, result: '{"x":1}' })),
      'nothing is written after the end',
    ],
    ['a claim on an ended task', broken(none, row(93, { ...ended, ...claim })), 'nothing is written after the end'],
    [
      'a state that goes back',
      broken(none, row(57, { ...intended, version: 5, progress: 50 })),
      'a state never goes back',
    ],
    ['progress that falls', broken(none, row(57, { ...running, version: 4, progress: 40 })), 'progress never falls'],
    ['a version that falls', broken(none, row(57, { ...running, version: 2, progress: 50 })), 'a version never falls'],
    [
      'a change without a version',
      broken(none, row(57, { ...running, version: 3, progress: 60 })),
      'what a reader sees has a version of its own',
    ],
    [
      'another upstream job',
      broken(none, row(57, { ...running, version: 3, progress: 50, upstreamJobId: 'job_2' })),
      'the upstream job of a task stays',
    ],
    ['a write without a claim', broken(at(20, 30)), 'only who has the claim writes'],
    [
      'a claim that is stolen',
      broken(none, row(25, { claimToken: 'b', claimWorker: 'two', claimExpiresAt: 2_000 })),
      'a claim that lasts is not taken over',
    ],
    ['a create after a create', broken(none, create(37, 200)), 'the upstream is asked to create once'],
    [
      'a create after one without an answer',
      broken(none, create(34, null, 'cut')),
      'the upstream is asked to create once',
    ],
    ['a create after half an answer', broken(none, create(34, 503, 'cut')), 'the upstream is asked to create once'],
    [
      'two jobs',
      broken(none, { source: 'upstream', what: 'job', at: 37, job: 'job_2', prompt: PROMPT }),
      'one upstream job for a task',
    ],
    [
      'a job that nobody wanted',
      broken(none, { source: 'upstream', what: 'job', at: 37, job: 'job_2', prompt: 'a cat' }),
      'only what clients sent is made',
    ],
    ['a job of another task', broken(at(36)), 'the job of a task was made for it'],
    ['an outcome that nobody can read', broken(at(205)), 'the outcome is readable'],
    ['an outcome that is another', broken(at(205), read(200, 'failed', 100, true)), 'the outcome is readable'],
    ['reads that go back', broken(none, read(80, 'running', 40)), 'what GET shows never goes back'],
    ['reads that go back to an older state', broken(none, read(80, 'pending', 50)), 'what GET shows never goes back'],
    ['a stream that goes back', broken(none, told(57, 3, 'progress', 40)), 'progress of a stream never falls'],
    ['an older version in a stream', broken(none, told(57, 2, 'progress', 50)), 'versions of a stream rise'],
    ['a stream that goes on', broken(none, told(92, 5, 'progress', 100)), 'nothing follows the end of a stream'],
    ['a stream that ends otherwise', broken(at(91), told(91, 4, 'failed', 100)), 'a stream ends as its task'],
    ['a callback that never came', broken(of('callback')), 'no callback is lost'],
    ['a callback that was never taken', broken(at(95), callback(95, { answered: 500 })), 'no callback is lost'],
    ['another webhook-id', broken(none, callback(96, { webhookId: 'msg_2' })), 'a callback keeps its webhook-id'],
    ['another body', broken(none, callback(96, { body: '[]' })), 'a callback keeps its body'],
    ['another end told', broken(at(95), callback(95, { type: 'video.task.failed' })), 'a callback tells the end'],
    ['a callback before the end', broken(at(95), callback(30)), 'a callback comes after the end'],
    [
      'two workers that end it',
      broken(none, { source: 'worker', at: 92, worker: 'two', task: TASK, what: 'failed' }),
      'one worker ends a task',
    ],
    [
      'a worker that ends what it has not',
      broken(({ source }) => source === 'worker', {
        source: 'worker',
        at: 92,
        worker: 'two',
        task: TASK,
        what: 'completed',
      }),
      'who has the claim ends the task',
    ],
    [
      'more granted than there is',
      broken(none, grant(1, 'a', 'INSERT'), grant(2, 'b', 'INSERT', 3)),
      'grants stay within the limit',
    ],
  ])('of %s has that fault', (_name, record, rule) => {
    expect(rulesIn(record, 4)).toContain(rule);
  });

  it.each<[string, RecordedEvent[]]>([
    ['a create that was refused before', broken(none, create(34, 503))],
    ['a task that was refused, and is there', broken((event) => event.at === 15)],
    ['reads at the same time, in any order', broken(none, { ...read(58, 'pending', 0), at: 100 })],
    [
      'a claim taken over when it had run out',
      broken(
        at(20),
        row(20, { ...claim, claimExpiresAt: 22 }),
        row(25, { claimToken: 'b', claimWorker: 'two', claimExpiresAt: 28 }),
      ),
    ],
    ['a callback that came twice', broken(none, callback(94, { answered: 500 }))],
    ['a reader that comes after the end', broken(none, { ...told(300, null, 'snapshot', 100), reader: 2 })],
    [
      'grants that ran out, or were given back',
      [
        ...GOOD,
        grant(1, 'a', 'INSERT'),
        grant(2, 'b', 'INSERT'),
        grant(3, 'a', 'DELETE'),
        grant(4, 'c', 'INSERT'),
        grant(1_001, 'd', 'INSERT', 4, 2_000),
      ],
    ],
    ['a row that is deleted later', broken(none, row(400, ended, 'DELETE'))],
  ])('of %s has no fault', (_name, record) => {
    expect(violationsIn(record, 4)).toEqual([]);
  });
});
