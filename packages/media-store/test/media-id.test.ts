import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMediaId } from '../src/index.js';

describe('parseMediaId', () => {
  it('reads the kinds and the content type from the extension', () => {
    const hex = '0123456789abcdef0123456789abcdef';
    const video = { id: `video_${hex}.mp4`, kind: 'video', hex, contentType: 'video/mp4' };
    expect(parseMediaId(`video_${hex}.mp4`)).toEqual(video);
    const request = { id: `request_${hex}.json`, kind: 'request', hex, contentType: 'application/json' };
    expect(parseMediaId(`request_${hex}.json`)).toEqual(request);
    expect(parseMediaId(`file_${hex}.png`)?.contentType).toBe('image/png');
    expect(parseMediaId(`image_${hex}.webp`)?.contentType).toBe('image/webp');
  });

  it('refuses a picture or video that would be JSON, and a request that would not', () => {
    const hex = '0123456789abcdef0123456789abcdef';
    expect(parseMediaId(`file_${hex}.json`)).toBeUndefined();
    expect(parseMediaId(`request_${hex}.png`)).toBeUndefined();
  });

  it('refuses a good id with anything changed, added or removed', () => {
    const good = `file_${'0123456789abcdef'.repeat(2)}.jpg`;
    const changed = fc
      .tuple(
        fc.nat({ max: good.length }),
        fc.nat({ max: 1 }),
        fc.constantFrom('/', '.', '\\', '\0', '\n', '%', 'G', 'é', ''),
      )
      .map(([at, removed, added]) => good.slice(0, at) + added + good.slice(at + removed))
      .filter((text) => text !== good);
    fc.assert(fc.property(changed, (text) => parseMediaId(text) === undefined));
  });
});
