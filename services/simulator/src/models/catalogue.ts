/** A model of the simulated API. */
export interface Model {
  kind: 'language' | 'image' | 'video';
  id: string;
  /** Seconds since 1970. */
  created: number;
  aliases: readonly string[];
}

/** The models that xAI has in late 2026. */
export const MODELS: readonly Model[] = [
  { kind: 'language', id: 'grok-4.7', created: 1_788_220_800, aliases: ['grok-latest'] },
  { kind: 'language', id: 'grok-4.6', created: 1_782_864_000, aliases: [] },
  { kind: 'language', id: 'grok-4.5', created: 1_777_593_600, aliases: [] },
  { kind: 'language', id: 'grok-4.3', created: 1_772_323_200, aliases: [] },
  { kind: 'image', id: 'grok-imagine-image-2.0', created: 1_785_542_400, aliases: [] },
  { kind: 'image', id: 'grok-imagine-image', created: 1_769_558_400, aliases: [] },
  { kind: 'video', id: 'grok-imagine-video-1.5', created: 1_780_272_000, aliases: [] },
  { kind: 'video', id: 'grok-imagine-video', created: 1_769_558_400, aliases: [] },
];

/** The model of an id or alias. */
export function findModel(name: string): Model | undefined {
  return MODELS.find((model) => model.id === name || model.aliases.includes(name));
}
