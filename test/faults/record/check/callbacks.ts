import { type CallbackEvent, eventsOf, groupBy, isEnd, type RecordedEvent, type Violation } from '../events.js';

/** Clocks of two processes of one machine, and what is between a row's write and its commit. */
const CLOCKS_MS = 50;

/** Every end that is to be told is told, under one id and with one body, not before it is written. */
export function checkCallbacks(record: readonly RecordedEvent[]): Violation[] {
  const received = groupBy(eventsOf(record, 'callback'), ({ task }) => task);
  const ended = new Map(
    eventsOf(record, 'row')
      .toReversed()
      .filter(({ row }) => isEnd(row.state))
      .map((event) => [event.task, event]),
  );
  const lost = [...ended.values()].filter(
    ({ task, row }) =>
      row.callbackUrl !== null && !received.get(task)?.some(({ answered }) => answered >= 200 && answered < 300),
  );
  return [
    ...lost.map(({ task }) => ({ rule: 'no callback is lost', subject: task, found: 'none was taken' })),
    ...[...received].flatMap(([task, callbacks]) => checkOne(task, callbacks, ended.get(task))),
  ];
}

function checkOne(
  task: string,
  callbacks: readonly CallbackEvent[],
  end: { at: number; row: { state: string } } | undefined,
): Violation[] {
  const faults: Violation[] = [];
  const ids = new Set(callbacks.map(({ webhookId }) => webhookId));
  if (ids.size > 1) faults.push({ rule: 'a callback keeps its webhook-id', subject: task, found: [...ids].join() });
  if (new Set(callbacks.map(({ body }) => body)).size > 1) {
    faults.push({ rule: 'a callback keeps its body', subject: task, found: 'there are several' });
  }
  const wrong = callbacks.find(({ type }) => type.split('.').at(-1) !== end?.row.state);
  if (wrong) {
    faults.push({
      rule: 'a callback tells the end',
      subject: task,
      found: `${wrong.type}, but it is ${end?.row.state}`,
    });
  }
  const early = callbacks.find(({ at }) => end && at < end.at - CLOCKS_MS);
  if (early && end) {
    const found = `${Math.round(end.at - early.at)} ms before`;
    faults.push({ rule: 'a callback comes after the end', subject: task, found });
  }
  return faults;
}
