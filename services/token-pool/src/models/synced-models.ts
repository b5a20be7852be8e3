import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Credential, DEFAULT_MODELS, type ListedModel, type Model, mergeModels } from '@grok2api/contracts';
import type { GrokUpstream } from '@grok2api/grok-upstream';
import type { Logger } from '@grok2api/service-kit';
import { Repeated } from '../repeated.js';
import { withModels } from './models-file.js';

export interface SyncedModelsOptions {
  /** Some usable credentials of each base URL, the best first. */
  credentials: () => Promise<readonly Credential[]>;
  upstream: Pick<GrokUpstream, 'listModels'>;
  /** The operator's own models: they stand whatever the upstream lists. */
  own: readonly Model[];
  intervalMs: number;
  /** Called whenever the catalogue is another one than before. */
  changed: () => void;
  log: Logger;
  /** 0 to 1, for jitter. */
  random: () => number;
}

/** Who asks right after the start is not told that models are gone which the upstream is about to list. */
const FIRST_ROUND_MS = 1_500;
const FIRST_RETRY_MS = 2_000;
/** Pauses differ by up to this share, so that processes that start together do not ask together for ever. */
const JITTER = 0.2;

/** The model catalogue, brought up to date by what the upstreams list. What cannot be asked stays as it was. */
export class SyncedModels {
  readonly #options: SyncedModelsOptions;
  readonly #known: readonly Model[];
  readonly #sync: Repeated;
  #endFirstRound = () => {};
  readonly #firstRound = new Promise<void>((resolve) => {
    this.#endFirstRound = resolve;
  });
  /** What each base URL listed last. */
  readonly #listed = new Map<string, readonly ListedModel[]>();
  #models: readonly Model[];
  /** Failed rounds in a row. */
  #failures = 0;

  constructor(options: SyncedModelsOptions) {
    this.#options = options;
    this.#known = withModels(DEFAULT_MODELS, options.own);
    this.#models = this.#known;
    this.#sync = new Repeated({
      name: 'the sync of the models',
      run: (signal) => this.#round(signal),
      pauseAfterErrorMs: FIRST_RETRY_MS,
      log: options.log,
    });
  }

  /** Begins to ask the upstreams: at once, and again after each interval. */
  start(): void {
    this.#sync.start();
  }

  /** Asks the upstreams soon: there is another credential. */
  refresh(): void {
    this.#sync.wake();
  }

  /** Leaves the upstreams alone from now on. */
  stop(): Promise<void> {
    return this.#sync.stop();
  }

  /** The catalogue, from memory; shortly after the start only once the upstreams had a moment to answer. */
  async list(): Promise<Model[]> {
    await Promise.race([this.#firstRound, sleep(FIRST_ROUND_MS, undefined, { ref: false })]);
    return [...this.#models];
  }

  async #round(signal: AbortSignal): Promise<number> {
    const { credentials, own, intervalMs, random, log } = this.#options;
    const all = await credentials();
    const baseUrls = new Set(all.map(({ base_url }) => base_url));
    for (const baseUrl of this.#listed.keys()) if (!baseUrls.has(baseUrl)) this.#listed.delete(baseUrl);
    const errors = await Promise.all([...baseUrls].map((baseUrl) => this.#ask(baseUrl, all, signal)));

    const listed = [...this.#listed.values()].flat();
    // An upstream that has not answered yet may have any of the known models: none counts as retired.
    const unheard = [...baseUrls].some((baseUrl) => !this.#listed.has(baseUrl));
    const before = this.#models;
    this.#models = unheard
      ? withModels(mergeModels([], listed), this.#known)
      : withModels(mergeModels(this.#known, listed), own);

    this.#endFirstRound();
    if (!isDeepStrictEqual(this.#models, before)) this.#options.changed();

    const err = errors.find((error) => error !== undefined);
    if (err === undefined) this.#failures = 0;
    // Once: a longer outage would fill the log.
    else if (this.#failures++ === 0) log.warn({ err }, 'an upstream does not list its models, they stay as they were');
    const pauseMs = err === undefined ? intervalMs : Math.min(intervalMs, FIRST_RETRY_MS * 2 ** (this.#failures - 1));
    return pauseMs * (1 - JITTER + 2 * JITTER * random());
  }

  /** Asks one upstream, with one credential after the other until it answers. Resolves to the last error otherwise. */
  async #ask(baseUrl: string, credentials: readonly Credential[], signal: AbortSignal): Promise<unknown> {
    let error: unknown;
    for (const credential of credentials.filter(({ base_url }) => base_url === baseUrl)) {
      try {
        this.#listed.set(baseUrl, await this.#options.upstream.listModels(credential, { signal }));
        return undefined;
      } catch (err) {
        error = err;
      }
    }
    return error;
  }
}
