import { eventsOf, groupBy, type RecordedEvent, type UpstreamEvent, type Violation } from '../events.js';

type Create = Extract<UpstreamEvent, { what: 'create' }>;

/** The upstream is asked to make a task's thing once, unless it provably refused; and what it made is the task's. */
export function checkUpstream(record: readonly RecordedEvent[]): Violation[] {
  const upstream = eventsOf(record, 'upstream');
  const creates = groupBy(
    upstream.filter((event) => event.what === 'create'),
    ({ prompt }) => prompt,
  );
  const jobs = upstream.filter((event) => event.what === 'job');
  const sent = new Set(eventsOf(record, 'client').flatMap((event) => (event.what === 'sent' ? [event.prompt] : [])));
  const made = groupBy(jobs, ({ prompt }) => prompt);
  return [
    ...[...creates].flatMap(([prompt, asked]) => checkCreates(prompt, asked)),
    ...[...made]
      .filter(([, several]) => several.length > 1)
      .map(([prompt, { length }]) => ({
        rule: 'one upstream job for a task',
        subject: prompt,
        found: `${length} jobs`,
      })),
    ...[...new Set([...creates.keys(), ...made.keys()])]
      .filter((prompt) => !sent.has(prompt))
      .map((prompt) => ({ rule: 'only what clients sent is made', subject: prompt, found: 'nobody sent it' })),
    ...checkJobs(record, new Map(jobs.map(({ job, prompt }) => [job, prompt]))),
  ];
}

function checkCreates(prompt: string, asked: readonly Create[]): Violation[] {
  const first = asked.findIndex((create) => !wasRefused(create));
  const after = first < 0 ? 0 : asked.length - first - 1;
  if (after === 0) return [];
  return [{ rule: 'the upstream is asked to create once', subject: prompt, found: `asked ${after} times more` }];
}

/** Whether an answer, whole, said that nothing was taken. */
function wasRefused({ status, ended }: Create): boolean {
  return ended === 'complete' && status !== null && status >= 400;
}

function checkJobs(record: readonly RecordedEvent[], promptOf: ReadonlyMap<string, string>): Violation[] {
  const wrong = eventsOf(record, 'row').filter(
    ({ row: { upstreamJobId, prompt } }) => upstreamJobId !== null && promptOf.get(upstreamJobId) !== prompt,
  );
  return [...new Map(wrong.map((event) => [event.task, event])).values()].map(({ task, row }) => ({
    rule: 'the job of a task was made for it',
    subject: task,
    found: `${row.upstreamJobId} was made for ${promptOf.get(row.upstreamJobId ?? '') ?? 'nobody'}`,
  }));
}
