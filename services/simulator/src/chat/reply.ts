import type { Choice } from './generate.js';
import type { MagicWords } from './magic-words.js';
import type { Usage } from './usage.js';

/** A made-up answer, before it takes its form on the wire. Times are milliseconds. */
export interface Reply {
  id: string;
  /** Id of the model. */
  model: string;
  choices: readonly Choice[];
  usage: Usage;
  /** How many alternatives each token's logprob comes with; undefined: no logprobs. */
  topLogprobs: number | undefined;
  magic: MagicWords;
  /** Time between two tokens. */
  paceMs: number;
}

/** What xAI calls the build that answered. */
export const SYSTEM_FINGERPRINT = 'fp_simulator';
