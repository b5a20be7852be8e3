import { ApiError } from './errors.js';

export type ModelKind = 'chat' | 'image' | 'video';

/** A model as clients name it, and what the upstream calls it. */
export interface Model {
  id: string;
  kind: ModelKind;
  upstream: string;
}

/** The names that clients use and the upstream's current models behind them. The upstream's own names work too. */
export const DEFAULT_MODELS: readonly Model[] = [
  { id: 'grok-2', kind: 'chat', upstream: 'grok-4.7' },
  { id: 'grok-3', kind: 'chat', upstream: 'grok-4.7' },
  { id: 'grok-4', kind: 'chat', upstream: 'grok-4.7' },
  { id: 'grok-4.7', kind: 'chat', upstream: 'grok-4.7' },
  { id: 'grok-4.6', kind: 'chat', upstream: 'grok-4.6' },
  { id: 'grok-4.5', kind: 'chat', upstream: 'grok-4.5' },
  { id: 'grok-4.3', kind: 'chat', upstream: 'grok-4.3' },
  { id: 'grok-latest', kind: 'chat', upstream: 'grok-latest' },
  { id: 'grok-imagine-1.0', kind: 'image', upstream: 'grok-imagine-image-2.0' },
  { id: 'grok-imagine-1.0-edit', kind: 'image', upstream: 'grok-imagine-image-2.0' },
  { id: 'grok-imagine-image-2.0', kind: 'image', upstream: 'grok-imagine-image-2.0' },
  { id: 'grok-imagine-image', kind: 'image', upstream: 'grok-imagine-image' },
  { id: 'grok-imagine-1.0-video', kind: 'video', upstream: 'grok-imagine-video-1.5' },
  { id: 'grok-imagine-video-1.5', kind: 'video', upstream: 'grok-imagine-video-1.5' },
  { id: 'grok-imagine-video', kind: 'video', upstream: 'grok-imagine-video' },
];

/** Looks models up by the name a client uses. */
export class ModelCatalogue {
  readonly #models: ReadonlyMap<string, Model>;

  constructor(models: readonly Model[] = DEFAULT_MODELS) {
    this.#models = new Map(models.map((model) => [model.id, model]));
  }

  /**
   * The model of that name and kind.
   * @throws ApiError `model_not_found`, or `model_not_supported` when it is of another kind
   */
  require(id: string, kind: ModelKind): Model {
    const model = this.#models.get(id);
    if (!model) throw new ApiError('model_not_found', { param: 'model', values: { model: id } });
    if (model.kind !== kind) {
      const allowed = `Allowed: ${this.ofKind(kind)
        .map((other) => other.id)
        .join(', ')}.`;
      throw new ApiError('model_not_supported', { param: 'model', values: { model: id, kind: model.kind, allowed } });
    }
    return model;
  }

  /** Every model of a kind, in the order of the catalogue. */
  ofKind(kind: ModelKind): Model[] {
    return [...this.#models.values()].filter((model) => model.kind === kind);
  }
}
