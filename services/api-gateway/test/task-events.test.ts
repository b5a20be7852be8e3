import { hasEnded, TASK_STATES, type TaskEvent, TEXTS } from '@grok2api/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventsText } from '../src/reply/sse-stream.js';
import { eventsBetween, snapshotEvent } from '../src/task-events.js';
import { TaskSteps } from '../src/task-steps.js';

const context = {
  taskId: 'task_1',
  kind: 'video' as const,
  texts: TEXTS.zh,
  skipped: () => {},
  results: ({ result }: Pick<TaskEvent, 'result'>) =>
    result ? { video_url: `http://h/v1/files/${result.media[0]}` } : {},
};
const at = (version: number, state: TaskEvent['state'], progress: number): TaskEvent => ({
  id: 'task_1',
  version,
  state,
  progress,
  ...(state === 'completed' ? { result: { media: ['video_1.mp4'] } } : {}),
  ...(state === 'failed' ? { error: { code: 'upstream_error', message: 'boom' } } : {}),
});

describe('the events of a task stream', () => {
  it('begins with a snapshot that has the version as its id', () => {
    expect(snapshotEvent(at(3, 'running', 45), context)).toEqual({
      id: 3,
      data: { type: 'snapshot', task_id: 'task_1', status: 'running', progress: 45 },
    });
  });

  it('tells a change of the state and of the progress apart', () => {
    const types = (before: TaskEvent, after: TaskEvent) =>
      eventsBetween(before, after, context).map(({ data }) => typeof data === 'object' && 'type' in data && data.type);
    expect(types(at(1, 'pending', 0), at(2, 'running', 0))).toEqual(['status']);
    expect(types(at(2, 'running', 0), at(3, 'running', 50))).toEqual(['progress']);
    expect(types(at(1, 'pending', 0), at(3, 'running', 50))).toEqual(['status', 'progress']);
    expect(types(at(3, 'running', 50), at(4, 'running', 50))).toEqual([]);
  });

  it('ends with the URL, or with the reason', () => {
    expect(eventsBetween(at(3, 'running', 75), at(4, 'completed', 100), context)).toEqual([
      {
        id: 4,
        data: {
          type: 'completed',
          task_id: 'task_1',
          status: 'completed',
          progress: 100,
          video_url: 'http://h/v1/files/video_1.mp4',
          message: '视频生成完成',
        },
      },
    ]);
    const [failed] = eventsBetween(at(3, 'running', 75), at(4, 'failed', 75), context);
    expect(failed?.data).toMatchObject({
      type: 'failed',
      message: '生成失败: boom',
      error: { code: 'upstream_error' },
    });
  });

  it('has exactly one terminal event, and it is the last', () => {
    const event = fc
      .tuple(fc.integer({ min: 1, max: 50 }), fc.constantFrom(...TASK_STATES), fc.integer({ min: 0, max: 100 }))
      .map((parts) => at(...parts));
    fc.assert(
      fc.property(event, event, (before, after) => {
        const types = eventsBetween(before, after, context).map(({ data }) =>
          String(typeof data === 'object' && 'type' in data && data.type),
        );
        const terminal = types.filter((type) => ['completed', 'failed', 'cancelled'].includes(type));
        expect(terminal).toEqual(hasEnded(after.state) ? [after.state] : []);
        if (terminal.length > 0) expect(types).toEqual(terminal);
      }),
    );
  });
});

describe('the steps of tasks as bytes', () => {
  const step = fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom(...TASK_STATES), fc.constantFrom(0, 50, 100))
    .map((parts) => at(...parts));

  it('are those of the events, whoever was told what before', () => {
    const afters = TASK_STATES.map((state) => at(4, state, 50));
    const reader = fc.record({
      before: step,
      after: fc.constantFrom(...afters),
      language: fc.constantFrom('zh', 'en'),
    });
    fc.assert(
      fc.property(fc.array(reader), (readers) => {
        const steps = new TaskSteps();
        const seen = new Map<number, TaskEvent>();
        for (const { before: drawn, after, language } of readers) {
          // A version is one state of a task.
          const before = seen.get(drawn.version) ?? drawn;
          seen.set(before.version, before);
          const own = { ...context, texts: TEXTS[language] };
          expect(steps.between(before, after, own).toString()).toBe(eventsText(eventsBetween(before, after, own)));
        }
      }),
    );
  });

  it('are made once for readers that are told the same', () => {
    const steps = new TaskSteps();
    const after = at(3, 'running', 50);
    const bytes = steps.between(at(2, 'running', 0), after, context);
    expect(steps.between(at(2, 'running', 0), after, context)).toBe(bytes);
    expect(steps.between(at(2, 'running', 0), after, { ...context, texts: TEXTS.en })).not.toBe(bytes);
  });
});
