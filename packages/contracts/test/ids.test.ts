import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTaskId, newTaskId, resultMediaId } from '../src/index.js';

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

  it('give their result the same media id each time', () => {
    const id = newTaskId(() => '0'.repeat(32));
    expect(resultMediaId(id, 'video', 'mp4')).toBe(`video_${'0'.repeat(32)}.mp4`);
  });
});
