const FAILURE_CODES = [
  'invalid_argument',
  'permission_denied',
  'failed_precondition',
  'service_unavailable',
  'internal_error',
] as const;

/** The codes that xAI gives to a failed job. */
export type FailureCode = (typeof FAILURE_CODES)[number];

/** How a job ends. */
export type Outcome =
  | { kind: 'video' }
  | { kind: 'moderated'; on: 'create' | 'poll' | 'failed' | 'done' }
  | { kind: 'failed'; code: FailureCode }
  | { kind: 'expired' }
  | { kind: 'never' };

/**
 * Words in a prompt that decide how its job ends, once its time has passed. The first one found counts.
 *
 * | word                        | answer |
 * |-----------------------------|--------|
 * | `moderated:create`          | the create is 400 `imagine:content-moderated`, no job is made |
 * | `moderated:poll400`         | polls are 400 `imagine:content-moderated` |
 * | `moderated:failed`          | polls are 200 `failed` with code `invalid_argument` |
 * | `moderated:done`            | polls are 200 `done` with `respect_moderation: false` and no URL |
 * | `fail:invalid_argument`     | polls are 200 `failed` with this code |
 * | `fail:permission_denied`    | polls are 200 `failed` with this code |
 * | `fail:failed_precondition`  | polls are 200 `failed` with this code |
 * | `fail:service_unavailable`  | polls are 200 `failed` with this code |
 * | `fail:internal_error`       | polls are 200 `failed` with this code |
 * | `status:expired`            | polls are 200 `expired` |
 * | `never:done`                | polls are 202 `pending` for ever |
 */
const MAGIC_WORDS: readonly (readonly [word: string, outcome: Outcome])[] = [
  ['moderated:create', { kind: 'moderated', on: 'create' }],
  ['moderated:poll400', { kind: 'moderated', on: 'poll' }],
  ['moderated:failed', { kind: 'moderated', on: 'failed' }],
  ['moderated:done', { kind: 'moderated', on: 'done' }],
  ...FAILURE_CODES.map((code) => [`fail:${code}`, { kind: 'failed', code }] as const),
  ['status:expired', { kind: 'expired' }],
  ['never:done', { kind: 'never' }],
];

/** How the job of a prompt ends; a prompt without a magic word becomes a video. */
export function outcomeOf(prompt: string): Outcome {
  return MAGIC_WORDS.find(([word]) => prompt.includes(word))?.[1] ?? { kind: 'video' };
}
