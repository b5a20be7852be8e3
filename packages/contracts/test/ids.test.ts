import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageMediaId, isTaskId, newTaskId, videoMediaId } from '../src/index.js';

const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 });

describe('task ids', () => {
  it('are task_ and 32 hex digits', () => {
    fc.assert(fc.property(hex, (digits) => isTaskId(newTaskId(() => digits))));
    for (const text of [
      '',
      'all',
      'status',
      'not-exist',
      'task_abc123',
      `task_${'A'.repeat(32)}`,
      `task_${'0'.repeat(33)}`,
    ]) {
      expect(isTaskId(text)).toBe(false);
    }
  });

  it('give their results the same media ids each time', () => {
    const id = newTaskId(() => '0'.repeat(32));
    expect(videoMediaId(id)).toBe(`video_${'0'.repeat(32)}.mp4`);
    expect(imageMediaId(id, 0, 'jpg')).toMatch(/^image_[0-9a-f]{32}\.jpg$/);
    expect(imageMediaId(id, 0, 'jpg')).toBe(imageMediaId(id, 0, 'jpg'));
    const ids = Array.from({ length: 10 }, (_, index) => imageMediaId(id, index, 'jpg'));
    expect(new Set(ids).size).toBe(10);
  });

  it('do not follow from the media id of an image', () => {
    fc.assert(
      fc.property(hex, (digits) => {
        expect(imageMediaId(`task_${digits}`, 0, 'png')).not.toContain(digits);
      }),
    );
  });
});
