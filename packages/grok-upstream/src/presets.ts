import type { VideoParams } from '@grok2api/contracts';

export type VideoPreset = VideoParams['preset'];

/** What each preset adds to the prompt. The upstream has no parameter for presets. */
export const DEFAULT_PRESET_SUFFIXES: Readonly<Record<VideoPreset, string>> = {
  normal: '',
  custom: '',
  fun: 'Style: playful, humorous, lively movement.',
  spicy: 'Style: bold, sensual, dramatic mood.',
};

/** The prompt with its preset's suffix on a line of its own; unchanged when the suffix is empty. */
export function applyPreset(
  prompt: string,
  preset: VideoPreset,
  suffixes: Readonly<Record<VideoPreset, string>> = DEFAULT_PRESET_SUFFIXES,
): string {
  const suffix = suffixes[preset];
  return suffix === '' ? prompt : `${prompt}\n${suffix}`;
}
