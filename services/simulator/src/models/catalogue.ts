/** The efforts of reasoning, least first. */
export const REASONING_EFFORTS = ['none', 'low', 'medium', 'high', 'xhigh'] as const;

export type ReasoningEffort = (typeof REASONING_EFFORTS)[number];

interface ModelBase {
  id: string;
  /** Seconds since 1970. */
  created: number;
  aliases: readonly string[];
}

/** A model that chats. */
export interface LanguageModel extends ModelBase {
  kind: 'language';
  /** The values of `reasoning_effort` it takes; a model with none of them does not reason. */
  efforts: readonly ReasoningEffort[];
}

/** A model that makes pictures. */
export interface ImageModel extends ModelBase {
  kind: 'image';
  takesQuality: boolean;
}

/** A model that makes videos. */
export interface VideoModel extends ModelBase {
  kind: 'video';
}

/** A model of the simulated API. */
export type Model = LanguageModel | ImageModel | VideoModel;

/** The models that xAI has in late 2026. */
export const MODELS: readonly Model[] = [
  { kind: 'language', id: 'grok-4.7', created: 1_788_220_800, aliases: ['grok-latest'], efforts: REASONING_EFFORTS },
  { kind: 'language', id: 'grok-4.6', created: 1_782_864_000, aliases: [], efforts: ['low', 'medium', 'high'] },
  { kind: 'language', id: 'grok-4.5', created: 1_777_593_600, aliases: [], efforts: ['low', 'high'] },
  { kind: 'language', id: 'grok-4.3', created: 1_772_323_200, aliases: [], efforts: [] },
  { kind: 'image', id: 'grok-imagine-image-2.0', created: 1_785_542_400, aliases: [], takesQuality: true },
  { kind: 'image', id: 'grok-imagine-image', created: 1_769_558_400, aliases: [], takesQuality: false },
  { kind: 'video', id: 'grok-imagine-video-1.5', created: 1_780_272_000, aliases: [] },
  { kind: 'video', id: 'grok-imagine-video', created: 1_769_558_400, aliases: [] },
];

/** The model of an id or alias. */
export function findModel(name: string): Model | undefined {
  return MODELS.find((model) => model.id === name || model.aliases.includes(name));
}
