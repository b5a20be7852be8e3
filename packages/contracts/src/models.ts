import { z } from 'zod';
import { ApiError } from './errors.js';
import { IMAGE_QUALITIES } from './task.js';

/** What a model makes. */
export const MODEL_KINDS = ['chat', 'image', 'video'] as const;
export const modelKindSchema = z.enum(MODEL_KINDS);
export type ModelKind = z.infer<typeof modelKindSchema>;

/** How much a text model is to reason, from least to most. */
export const REASONING_EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'] as const;
export type ReasoningEffort = (typeof REASONING_EFFORTS)[number];

/** Parameters of a chat completion that some text models refuse. */
export const REFUSABLE_PARAMETERS = ['stop', 'presence_penalty', 'frequency_penalty'] as const;
export type RefusableParameter = (typeof REFUSABLE_PARAMETERS)[number];

/** What a text model takes. A model whose abilities nobody knows is sent everything as it was asked. */
export const chatAbilitiesSchema = z.object({
  /** The efforts it takes, from least to most; empty: it refuses `reasoning_effort` altogether. */
  efforts: z.array(z.enum(REASONING_EFFORTS)),
  /** Left out of a request for it. */
  refuses: z.array(z.enum(REFUSABLE_PARAMETERS)),
});
export type ChatAbilities = z.infer<typeof chatAbilitiesSchema>;

/** What an image model takes. A model whose abilities nobody knows is asked for no quality. */
export const imageAbilitiesSchema = z.object({
  /** Empty: it refuses `quality` altogether. */
  qualities: z.array(z.enum(IMAGE_QUALITIES)),
});
export type ImageAbilities = z.infer<typeof imageAbilitiesSchema>;

/** A model as clients name it, and what the upstream calls it. */
export const modelSchema = z.object({
  id: z.string().min(1).max(200),
  kind: modelKindSchema,
  upstream: z.string().min(1).max(200),
  /** When it came out, in seconds since 1970. */
  created: z.number().int().nonnegative(),
  chat: chatAbilitiesSchema.optional(),
  image: imageAbilitiesSchema.optional(),
});
export type Model = z.infer<typeof modelSchema>;

const REASONING_REFUSES: RefusableParameter[] = ['stop', 'presence_penalty', 'frequency_penalty'];

/** The text models, by what xAI calls them. From its API reference, late 2026. */
const CHAT_MODELS = {
  'grok-4.7': {
    created: 1_790_812_800,
    efforts: ['none', 'low', 'medium', 'high', 'xhigh'],
    refuses: REASONING_REFUSES,
  },
  'grok-4.6': { created: 1_782_864_000, efforts: ['low', 'medium', 'high'], refuses: REASONING_REFUSES },
  'grok-4.5': { created: 1_775_001_600, efforts: ['low', 'high'], refuses: REASONING_REFUSES },
  'grok-4.3': { created: 1_767_225_600, efforts: [], refuses: [] },
} satisfies Record<string, ChatAbilities & { created: number }>;

/** The image models, by what xAI calls them. */
const IMAGE_MODELS = {
  'grok-imagine-image-2.0': { created: 1_788_220_800, qualities: ['low', 'medium', 'auto'] },
  'grok-imagine-image': { created: 1_767_225_600, qualities: [] },
} satisfies Record<string, ImageAbilities & { created: number }>;

/** The video models, by what xAI calls them. */
const VIDEO_MODELS = {
  'grok-imagine-video-1.5': { created: 1_785_542_400 },
  'grok-imagine-video': { created: 1_767_225_600 },
} satisfies Record<string, { created: number }>;

/** The names that the published documents use. The upstream's own names work too. */
const PUBLIC_NAMES = {
  'grok-2': 'grok-4.7',
  'grok-3': 'grok-4.7',
  'grok-4': 'grok-4.7',
  'grok-latest': 'grok-4.7',
  'grok-imagine-1.0': 'grok-imagine-image-2.0',
  'grok-imagine-1.0-edit': 'grok-imagine-image-2.0',
  'grok-imagine-1.0-video': 'grok-imagine-video-1.5',
} satisfies Record<string, keyof typeof CHAT_MODELS | keyof typeof IMAGE_MODELS | keyof typeof VIDEO_MODELS>;

/** Every model that is known without asking the upstream. */
export const DEFAULT_MODELS: readonly Model[] = defaultModels();

function defaultModels(): Model[] {
  const own: Model[] = [
    ...Object.entries(CHAT_MODELS).map(([id, { created, efforts, refuses }]) => ({
      id,
      kind: 'chat' as const,
      upstream: id,
      created,
      chat: { efforts: [...efforts], refuses },
    })),
    ...Object.entries(IMAGE_MODELS).map(([id, { created, qualities }]) => ({
      id,
      kind: 'image' as const,
      upstream: id,
      created,
      image: { qualities: [...qualities] },
    })),
    ...Object.entries(VIDEO_MODELS).map(([id, { created }]) => ({
      id,
      kind: 'video' as const,
      upstream: id,
      created,
    })),
  ];
  const named = Object.entries(PUBLIC_NAMES).flatMap(([id, upstream]) =>
    own.filter((model) => model.id === upstream).map((model) => ({ ...model, id })),
  );
  return [...named, ...own];
}

/** A model as the upstream lists it. */
export interface ListedModel {
  kind: ModelKind;
  id: string;
  /** Other names that the upstream takes for it. */
  aliases: readonly string[];
  /** In seconds since 1970, when the upstream tells it. */
  created?: number | undefined;
}

/**
 * The catalogue that follows from the models that are known and those that the upstream lists. What the upstream lists
 * is added under its id and its aliases. Of a kind that the upstream lists at all, a known model that is not listed is
 * retired: its own name goes, and public names of it lead to the kind's current model. A public name that the upstream
 * has as an alias (`grok-latest`) leads where the upstream says.
 */
export function mergeModels(known: readonly Model[], listed: readonly ListedModel[]): Model[] {
  const merged = new Map<string, Model>();
  const add = (id: string, kind: ModelKind, upstream: string) => {
    const created = listed.find((model) => model.kind === kind && model.id === upstream)?.created ?? 0;
    merged.set(id, { id, kind, upstream, created, ...factsOf(upstream, known) });
  };
  for (const model of known) {
    const ofKind = listed.filter(({ kind }) => kind === model.kind);
    const upstream = ofKind.length === 0 ? model.upstream : currentName(model, known, ofKind);
    if (upstream === model.upstream) merged.set(model.id, model);
    else if (upstream !== undefined) add(model.id, model.kind, upstream);
  }
  for (const { kind, id, aliases } of listed) {
    // A name that the documents give is theirs.
    for (const name of [id, ...aliases]) if (!merged.has(name)) add(name, kind, id);
  }
  return [...merged.values()];
}

/** What a known model is to be called upstream, undefined when it is to go. */
function currentName(model: Model, known: readonly Model[], listed: readonly ListedModel[]): string | undefined {
  const isListed = (name: string) => listed.some(({ id, aliases }) => id === name || aliases.includes(name));
  const aliased = listed.find(({ aliases }) => aliases.includes(model.id));
  if (aliased && model.id !== model.upstream) return aliased.id;
  if (isListed(model.upstream)) return model.upstream;
  if (model.id === model.upstream) return undefined;
  const successor = known.find(({ kind, upstream }) => kind === model.kind && isListed(upstream))?.upstream;
  return successor ?? newest(listed)?.id;
}

function newest(listed: readonly ListedModel[]): ListedModel | undefined {
  return listed.toSorted((a, b) => (b.created ?? 0) - (a.created ?? 0))[0];
}

function factsOf(upstream: string, known: readonly Model[]): Pick<Model, 'created' | 'chat' | 'image'> | undefined {
  const model = known.find(({ id }) => id === upstream) ?? known.find((other) => other.upstream === upstream);
  return (
    model && {
      created: model.created,
      ...(model.chat ? { chat: model.chat } : {}),
      ...(model.image ? { image: model.image } : {}),
    }
  );
}

/** Looks models up by the name a client uses. Its content may be replaced while it is in use. */
export class ModelCatalogue {
  #models: ReadonlyMap<string, Model> = new Map();

  constructor(models: readonly Model[] = DEFAULT_MODELS) {
    this.replace(models);
  }

  /** Puts other models in the place of all. */
  replace(models: readonly Model[]): void {
    this.#models = new Map(models.map((model) => [model.id, model]));
  }

  /** The model of that name. @throws ApiError `model_not_found` */
  find(id: string): Model {
    const model = this.#models.get(id);
    if (!model) throw new ApiError('model_not_found', { param: 'model', values: { model: id } });
    return model;
  }

  /**
   * The model of that name and kind.
   * @throws ApiError `model_not_found`, or `model_not_supported` when it is of another kind
   */
  require(id: string, kind: ModelKind): Model {
    const model = this.find(id);
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
    return this.list().filter((model) => model.kind === kind);
  }

  /** Every model, in the order of the catalogue. */
  list(): Model[] {
    return [...this.#models.values()];
  }
}
