import type { TaskState } from '@grok2api/contracts';

interface Transition {
  /** States in which the event may happen. */
  from: readonly TaskState[];
  /** State afterwards; absent when the event leaves the state as it is. */
  to?: TaskState;
  /** Whether only the holder of the claim may cause it. */
  fenced: boolean;
}

const OPEN = ['pending', 'running'] as const;

/**
 * The state machine of a task. Every write to a task is one of these events; its SQL is made from this table.
 * A state never goes back, and an end is never left.
 */
export const TRANSITIONS = {
  /** A worker takes the task, or takes it over after its claim ran out or was handed back. */
  claim: { from: OPEN, fenced: false },
  /** The worker goes on holding it. */
  renew: { from: OPEN, fenced: true },
  /** The worker gives it back unfinished, for another one at once. */
  handBack: { from: OPEN, fenced: true },
  /** The upstream is about to be asked, with this credential. */
  intend: { from: ['pending'], fenced: true },
  /** The upstream is about to be asked, with this credential, for what it answers with at once: there will be no job. */
  begin: { from: OPEN, to: 'running', fenced: true },
  /** The upstream provably did not take it: it may be asked again. */
  retract: { from: OPEN, fenced: true },
  /** The upstream took it: its job id is known. */
  submit: { from: ['pending'], to: 'running', fenced: true },
  /** The work went on. */
  advance: { from: ['running'], fenced: true },
  complete: { from: ['running'], to: 'completed', fenced: true },
  fail: { from: OPEN, to: 'failed', fenced: true },
  /** The client wants it no more. */
  cancel: { from: OPEN, to: 'cancelled', fenced: false },
  /** It is past its deadline, whoever works on it. */
  expire: { from: OPEN, to: 'failed', fenced: false },
} as const satisfies Record<string, Transition>;

export type TaskChange = keyof typeof TRANSITIONS;

/** The event's row of the table. */
export function transition(change: TaskChange): Transition {
  return TRANSITIONS[change];
}
