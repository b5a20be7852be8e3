import type { Outcome } from '@grok2api/contracts';
import type { Submitted, UpstreamFault } from '../errors.js';

/** What a call is for. The same status means different things to each. */
export type CallKind = 'create' | 'chat' | 'poll' | 'read';

/** What of an answer decides its meaning. */
export interface AnswerFacts {
  status: number;
  /** Code and text of the error body, empty without one. */
  code: string;
  text: string;
  /** Whether the whole answer arrived, as far as its own framing can tell. */
  complete: boolean;
}

/** What an answer that is no success means. */
export interface SortedAnswer {
  fault: UpstreamFault;
  outcome: Outcome;
  submitted: Submitted;
}

interface Row {
  status: readonly number[];
  says?: RegExp;
  fault: UpstreamFault;
  outcome: Outcome;
}

const MODERATION = /content-moderated|violates usage guidelines|SAFETY_CHECK_TYPE/i;
const NO_CREDITS = /used all available credits|spending limit/i;
const WRONG_KEY = /API key/i;
const UNKNOWN_MODEL = /\bmodel\b.{0,200}\b(?:not found|does not exist)|\bunknown model\b/is;

// xAI's statuses and texts, from its API reference. The first row that fits counts.
const ROWS: readonly Row[] = [
  { status: [400, 403], says: MODERATION, fault: 'moderated', outcome: 'not_counted' },
  { status: [403, 429], says: NO_CREDITS, fault: 'no_credits', outcome: 'no_credits' },
  // Not of xAI's reference; what else should it mean.
  { status: [402], fault: 'no_credits', outcome: 'no_credits' },
  // Its text goes on to advise to check the API key.
  { status: [400], says: UNKNOWN_MODEL, fault: 'bad_request', outcome: 'not_counted' },
  { status: [400], says: WRONG_KEY, fault: 'credential_dead', outcome: 'dead' },
  { status: [401], fault: 'credential_dead', outcome: 'dead' },
  { status: [403], fault: 'not_permitted', outcome: 'not_permitted' },
  { status: [429], fault: 'rate_limited', outcome: 'rate_limited' },
  { status: [408, 409, 425], fault: 'transient', outcome: 'fault' },
];

// What an error in an answer with a success status would have been as a status. The first that fits counts.
const IMPLIED_STATUS: readonly (readonly [says: RegExp, status: number])[] = [
  [MODERATION, 400],
  [NO_CREDITS, 429],
  [/resource.?exhausted|too many requests|rate.?limit/i, 429],
  [UNKNOWN_MODEL, 404],
  [WRONG_KEY, 400],
  [/unauthenticated/i, 401],
  [/permission.?denied|does not have permission/i, 403],
  [/not.?found/i, 404],
  [/invalid.?argument|failed.?precondition/i, 400],
];

const POLL_GONE = [404, 410];
const POLL_AGAIN = [401, 402, 403, 408, 409, 425, 429];

/** Sorts an answer that is no success, or that cannot be used. Takes any numbers and texts. */
export function sortAnswer(call: CallKind, answer: AnswerFacts): SortedAnswer {
  const words = wordsOf(answer);
  const status = isSuccess(answer.status) ? impliedStatus(words) : answer.status;
  const meaning = call === 'poll' ? sortPoll(status, words) : sort(status, words);
  return { ...meaning, submitted: call === 'create' && !provesRefusal(answer) ? 'unknown' : 'no' };
}

/** Whether an answer that means `bad_request` says that the upstream does not know the model. */
export function saysUnknownModel(call: CallKind, answer: AnswerFacts): boolean {
  // The model is all that a chat could fail to find.
  const notFound = call === 'chat' && answer.status === 404 && /not.?found/i.test(answer.code);
  return notFound || UNKNOWN_MODEL.test(wordsOf(answer));
}

/** Whether a text of the upstream about a failed job says that its content was refused. */
export function saysModerated(words: string): boolean {
  return MODERATION.test(words) || /moderat/i.test(words);
}

/** Whether a status is of the class 2xx. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

// Bounds the work of the patterns; no error says the essential so late.
function wordsOf({ code, text }: AnswerFacts): string {
  return `${code} ${text}`.slice(0, 65_536);
}

function sort(status: number, words: string): Omit<SortedAnswer, 'submitted'> {
  const row = ROWS.find((candidate) => candidate.status.includes(status) && (candidate.says?.test(words) ?? true));
  if (row) return { fault: row.fault, outcome: row.outcome };
  if (isClientError(status)) return { fault: 'bad_request', outcome: 'not_counted' };
  return { fault: 'transient', outcome: 'fault' };
}

function sortPoll(status: number, words: string): Omit<SortedAnswer, 'submitted'> {
  if (POLL_GONE.includes(status)) return { fault: 'job_gone', outcome: 'not_counted' };
  const sorted = sort(status, words);
  // 400 for a wrong key says what 401 says.
  if (!POLL_AGAIN.includes(status) && sorted.fault !== 'credential_dead') return sorted;
  // Polls are refused in passing: that alone does not retire the credential which made the job.
  const blames = sorted.outcome === 'dead' || sorted.outcome === 'not_permitted';
  return { fault: 'transient', outcome: blames ? 'fault' : sorted.outcome };
}

// A complete 4xx, 500 or 503 proves that a create was not accepted. Nothing else does: 502, 504 and 52x come from
// proxies that may have passed the request on. An error in an answer with a success status is most likely a refusal
// too, but the upstream contradicts itself there, and a wrong guess would bill twice where a right one saves a retry.
function provesRefusal({ status, complete }: AnswerFacts): boolean {
  return complete && (isClientError(status) || status === 500 || status === 503);
}

function isClientError(status: number): boolean {
  return status >= 400 && status <= 499;
}

// Without a hint it is a fault of the upstream.
function impliedStatus(words: string): number {
  return IMPLIED_STATUS.find(([says]) => says.test(words))?.[1] ?? 500;
}
