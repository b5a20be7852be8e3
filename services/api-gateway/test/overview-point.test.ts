import type { MetricsSnapshot } from '@grok2api/contracts';
import { expect, it } from 'vitest';
import { pointBetween } from '../src/overview/point.js';

type Sample = [name: string, value: number, labels?: Record<string, string>];

const AT = Date.parse('2026-11-25T12:00:00Z');
const REQUESTS = 'grok2api_http_requests_total';

function look(at: number, processes: Record<string, Sample[]>) {
  const snapshots = Object.entries(processes).map(([id, samples]): [string, MetricsSnapshot] => [
    id,
    {
      service: 'any',
      instance: id,
      at,
      samples: samples.map(([name, value, labels = {}]) => ({ name, value, labels })),
    },
  ]);
  return { at, snapshots: new Map(snapshots) };
}

it('adds up what every process counted between two looks', () => {
  const before = look(AT, {
    one: [
      [REQUESTS, 10, { status: '200' }],
      [REQUESTS, 1, { status: '503' }],
    ],
    two: [
      [REQUESTS, 100, { status: '404' }],
      ['grok2api_chat_first_output_seconds_sum', 4, { streamed: 'true' }],
      ['grok2api_chat_first_output_seconds_count', 2, { streamed: 'true' }],
      ['grok2api_chat_first_output_seconds_count', 7, { streamed: 'false' }],
    ],
  });
  const now = look(AT + 30_000, {
    one: [
      [REQUESTS, 16, { status: '200' }],
      [REQUESTS, 3, { status: '503' }],
      ['grok2api_queue_waiting', 5, { kind: 'video' }],
      ['grok2api_queue_oldest_seconds', 12, { kind: 'video' }],
    ],
    two: [
      [REQUESTS, 102, { status: '404' }],
      ['grok2api_chat_first_output_seconds_sum', 5, { streamed: 'true' }],
      ['grok2api_chat_first_output_seconds_count', 4, { streamed: 'true' }],
      ['grok2api_task_ends_total', 3, { kind: 'video', state: 'completed' }],
      ['grok2api_task_ends_total', 1, { kind: 'image', state: 'failed', reason: 'upstream_error' }],
    ],
  });
  expect(pointBetween(before, now)).toEqual({
    at: '2026-11-25T12:00:30.000Z',
    requests_per_minute: 20,
    error_rate: 0.2,
    first_token_seconds: 0.5,
    tasks_per_minute: { completed: 6, failed: 2 },
    queue: { video: { waiting: 5, oldest_seconds: 12 }, image: { waiting: 0, oldest_seconds: 0 } },
  });
});

it('counts nothing of a process that was not there before, or began anew', () => {
  const before = look(AT, { one: [[REQUESTS, 50, { status: '200' }]] });
  const now = look(AT + 60_000, {
    one: [[REQUESTS, 2, { status: '200' }]],
    new: [[REQUESTS, 1000, { status: '500' }]],
  });
  expect(pointBetween(before, now)).toMatchObject({
    requests_per_minute: 0,
    error_rate: null,
    first_token_seconds: null,
  });
});
