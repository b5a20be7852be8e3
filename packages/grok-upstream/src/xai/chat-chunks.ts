import { z } from 'zod';
import type { ChatDelta, ChatUsage } from '../chat.js';
import { choiceSchema, contentSchema, explainsEmptiness, type RawToolCall, toolCallOf } from './chat-content.js';
import { chatUsageOf, chatUsageSchema } from './chat-usage.js';
import { lenient, lenientList } from './lenient.js';

const chunkSchema = z.object({
  choices: lenientList(choiceSchema.extend({ delta: contentSchema.catch({}) })).catch([]),
  usage: lenient(chatUsageSchema.nullable()),
  system_fingerprint: lenient(z.string().nullable()),
});
type RawChoice = z.infer<typeof chunkSchema>['choices'][number];

interface ChoiceState {
  finished: boolean;
  /** How many calls of tools have begun. */
  toolCalls: number;
}

/** Turns the chunks of one streamed answer into OpenAI's, and keeps what they say about the whole. */
export class ChatChunks {
  readonly #wanted: number;
  readonly #states = new Map<number, ChoiceState>();
  #unfinished = 0;
  #carries = false;
  #usage: z.infer<typeof chatUsageSchema> | undefined;
  #systemFingerprint: string | undefined;

  /** @param wanted how many choices were asked for */
  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  /** The steps of one chunk; empty when it carries none. */
  read(chunk: object): ChatDelta[] {
    const { choices, usage, system_fingerprint } = chunkSchema.parse(chunk);
    if (usage) this.#usage = usage;
    if (system_fingerprint) this.#systemFingerprint ??= system_fingerprint;
    return choices.flatMap((choice) => this.#step(choice) ?? []);
  }

  /** Whether any step so far has content, or a reason to have none. */
  get carriesSomething(): boolean {
    return this.#carries;
  }

  /** Whether as many choices as wanted have ended, and all that began. */
  get finished(): boolean {
    return this.#unfinished === 0 && this.#states.size >= this.#wanted;
  }

  /** The last one told counts. */
  get usage(): { usage: ChatUsage; costUsdTicks?: number } | undefined {
    if (!this.#usage) return undefined;
    const { cost_in_usd_ticks: costUsdTicks } = this.#usage;
    return { usage: chatUsageOf(this.#usage), ...(costUsdTicks !== undefined && { costUsdTicks }) };
  }

  get systemFingerprint(): string | undefined {
    return this.#systemFingerprint;
  }

  #step(choice: RawChoice): ChatDelta | undefined {
    const { index, delta: raw, logprobs, finish_reason = null } = choice;
    const state = this.#stateOf(index);
    const delta: ChatDelta['delta'] = {};
    if (raw.content) delta.content = raw.content;
    if (raw.reasoning_content) delta.reasoning_content = raw.reasoning_content;
    if (raw.refusal) delta.refusal = raw.refusal;
    if (raw.tool_calls?.length) {
      delta.tool_calls = raw.tool_calls.map((call) => ({ index: toolCallIndex(state, call), ...toolCallOf(call) }));
    }
    const carries = Object.keys(delta).length > 0 || !!logprobs;
    if (!carries && (finish_reason === null || state.finished)) return undefined;
    this.#carries ||= carries || explainsEmptiness(finish_reason);
    if (finish_reason !== null && !state.finished) {
      state.finished = true;
      this.#unfinished -= 1;
    }
    return { index, delta, ...(logprobs === undefined ? {} : { logprobs }), finish_reason };
  }

  #stateOf(index: number): ChoiceState {
    const known = this.#states.get(index);
    if (known) return known;
    const state = { finished: false, toolCalls: 0 };
    this.#states.set(index, state);
    this.#unfinished += 1;
    return state;
  }
}

// xAI leaves the index out of calls that it sends whole. Without an id and a name it is the last call that goes on.
function toolCallIndex(state: ChoiceState, { index, id, function: { name } }: RawToolCall): number {
  const goesOn = id === '' && name === '' && state.toolCalls > 0;
  const resolved = index ?? (goesOn ? state.toolCalls - 1 : state.toolCalls);
  state.toolCalls = Math.max(state.toolCalls, resolved + 1);
  return resolved;
}
