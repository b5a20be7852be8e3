import { VIDEO_PRESETS } from '@grok2api/contracts';
import { describe, expect, it } from 'vitest';
import { applyPreset, DEFAULT_PRESET_SUFFIXES, originOf } from '../src/index.js';

describe('applyPreset', () => {
  it.each(['normal', 'custom'] as const)('%s leaves the prompt alone', (preset) => {
    expect(applyPreset(' a cat ', preset)).toBe(' a cat ');
  });

  it.each(['fun', 'spicy'] as const)('%s adds its phrase', (preset) => {
    expect(applyPreset('a cat', preset)).toBe(`a cat\n${DEFAULT_PRESET_SUFFIXES[preset]}`);
    expect(DEFAULT_PRESET_SUFFIXES[preset]).not.toBe('');
  });

  it('takes other suffixes', () => {
    const suffixes = { normal: 'calm', fun: '', spicy: '', custom: '' };
    expect(VIDEO_PRESETS.map((preset) => applyPreset('a cat', preset, suffixes))).toEqual([
      'a cat',
      'a cat\ncalm',
      'a cat',
      'a cat',
    ]);
  });
});

describe('originOf', () => {
  it.each([
    ['https://api.x.ai/v1', 'https://api.x.ai'],
    ['http://127.0.0.1:4100/v1', 'http://127.0.0.1:4100'],
    ['https://user:pass@eu.api.x.ai:443/a/v1', 'https://eu.api.x.ai'],
  ])('%s → %s', (base_url, origin) => {
    expect(originOf({ id: 'c', secret: 's', base_url })).toBe(origin);
  });
});
