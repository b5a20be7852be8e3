import { describe, expect, test } from 'vitest';
import { KEY, MODEL, OTHER_KEY, startTestSimulator, temporaryDirectory } from './harness.js';

/** A clock that stands until it is moved. */
function startClock(start = Date.UTC(2026, 10, 1)) {
  let time = start;
  return {
    now: () => time,
    pass: (ms: number) => {
      time += ms;
    },
  };
}

const HOUR = 3_600_000;

describe('create', () => {
  test.each([
    { model: undefined },
    { prompt: undefined },
    { prompt: '  ' },
    { prompt: 7 },
    { duration: 0 },
    { duration: 16 },
    { duration: 6.5 },
    { duration: '6' },
    { aspect_ratio: '21:9' },
    { resolution: '1080p' },
    { image: 'https://example.com/a.png' },
    { image: {} },
    { model: 'grok-4.7' },
  ])('refuses %j with 400', async (wrong) => {
    const simulator = await startTestSimulator();
    const body = { model: MODEL, prompt: 'a cat', ...wrong };
    const answer = await simulator.ask('POST', '/v1/videos/generations', body);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({ code: 'invalid-argument', error: expect.any(String) });
    expect(await simulator.jobs()).toEqual([]);
  });

  test('knows no unknown model', async () => {
    const simulator = await startTestSimulator();
    const answer = await simulator.ask('POST', '/v1/videos/generations', { model: 'grok-x', prompt: 'a' });
    expect(answer.status).toBe(404);
    expect(answer.json).toEqual({ code: 'not-found', error: expect.stringContaining('grok-x') });
  });

  test('ignores unknown fields, and null is absent', async () => {
    const simulator = await startTestSimulator();
    await simulator.create({ seed: 1, duration: null, aspect_ratio: null, resolution: null, image: null });
    const jobs = await simulator.jobs();
    expect(jobs).toMatchObject([{ duration: 8, aspect_ratio: '16:9', resolution: '480p', has_image: false }]);
  });

  test.each([
    { body: '{"model":', type: 'application/json', status: 400 },
    { body: '[]', type: 'application/json', status: 400 },
    { body: 'model=a', type: 'application/x-www-form-urlencoded', status: 415 },
  ])('answers $status to a body of $body', async ({ body, type, status }) => {
    const simulator = await startTestSimulator();
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': type };
    const answer = await simulator.call('POST', '/v1/videos/generations', body, headers);
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ code: expect.any(String), error: expect.any(String) });
  });
});

describe('poll', () => {
  test('tells the progress by the clock, and nothing every third time', async () => {
    const clock = startClock();
    const simulator = await startTestSimulator({ SIMULATOR_VIDEO_MS: '10000' }, clock.now);
    const id = await simulator.create();
    const answers = [];
    for (let second = 0; second < 6; second += 1) {
      answers.push(await simulator.poll(id));
      clock.pass(1000);
    }
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 202));
    expect(answers.map(({ text }) => text)).toEqual([
      '{"status":"pending","progress":0}',
      '{"status":"pending","progress":10}',
      '',
      '{"status":"pending","progress":30}',
      '{"status":"pending","progress":40}',
      '',
    ]);
    expect(answers[2]?.headers.get('content-length')).toBe('0');
    expect(await simulator.jobs()).toMatchObject([{ polls: 6, done_at: null }]);
  });

  test('ends with the model, the video and the cost', async () => {
    const clock = startClock();
    const simulator = await startTestSimulator({ SIMULATOR_VIDEO_MS: '10000' }, clock.now);
    const id = await simulator.create({ duration: 2, resolution: '720p' });
    clock.pass(9999);
    expect((await simulator.poll(id)).json).toEqual({ status: 'pending', progress: 99 });
    clock.pass(1);
    await simulator.untilDone(id);
    const { status, json } = await simulator.poll(id);
    expect(status).toBe(200);
    expect(json).toEqual({
      status: 'done',
      progress: 100,
      model: MODEL,
      video: {
        url: expect.stringMatching(new RegExp(`^${simulator.url}/files/[\\w-]{32}\\.mp4$`)),
        duration: 2,
        respect_moderation: true,
      },
      usage: { cost_in_usd_ticks: 1_400_000_000 },
    });
    expect(await simulator.jobs()).toMatchObject([{ done_at: new Date(clock.now()).toISOString() }]);
  });

  test('is for the key that made the job', async () => {
    const simulator = await startTestSimulator();
    const id = await simulator.create();
    const answer = await simulator.poll(id, OTHER_KEY);
    expect(answer.status).toBe(404);
    expect(answer.json).toEqual({ code: 'not-found', error: expect.any(String) });
    expect(await simulator.jobs()).toMatchObject([{ polls: 0 }]);
    expect((await simulator.poll('00000000-0000-4000-8000-000000000000')).status).toBe(404);
  });
});

describe('magic words', () => {
  const moderated = { code: 'imagine:content-moderated', error: expect.any(String) };

  test.each([
    ['moderated:poll400', 400, moderated],
    ['moderated:failed', 200, { status: 'failed', error: { code: 'invalid_argument', message: expect.any(String) } }],
    ['moderated:done', 200, expect.objectContaining({ video: { duration: 8, respect_moderation: false } })],
    ['fail:internal_error', 200, { status: 'failed', error: { code: 'internal_error', message: expect.any(String) } }],
    [
      'fail:service_unavailable',
      200,
      { status: 'failed', error: { code: 'service_unavailable', message: expect.any(String) } },
    ],
    ['status:expired', 200, { status: 'expired' }],
  ])('%s', async (word, status, body) => {
    const clock = startClock();
    const simulator = await startTestSimulator({ SIMULATOR_VIDEO_MS: '10000' }, clock.now);
    const id = await simulator.create({ prompt: `a cat ${word} and more` });
    expect((await simulator.poll(id)).status).toBe(202);
    clock.pass(10_000);
    const answer = await simulator.poll(id);
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual(body);
  });

  test('moderated:create makes no job', async () => {
    const simulator = await startTestSimulator();
    const answer = await simulator.ask('POST', '/v1/videos/generations', { model: MODEL, prompt: 'moderated:create' });
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual(moderated);
    expect(await simulator.jobs()).toEqual([]);
  });

  test('never:done is pending for ever', async () => {
    const clock = startClock();
    const simulator = await startTestSimulator({}, clock.now);
    const id = await simulator.create({ prompt: 'never:done' });
    clock.pass(20 * HOUR);
    expect((await simulator.poll(id)).json).toEqual({ status: 'pending', progress: 99 });
  });
});

describe('the URL of the result', () => {
  test('expires', async () => {
    const clock = startClock();
    const simulator = await startTestSimulator({ SIMULATOR_URL_TTL_MS: '60000' }, clock.now);
    const { video } = await simulator.untilDone(await simulator.create({ duration: 1 }));
    const url = video?.url ?? '';
    clock.pass(59_999);
    expect((await fetch(url)).status).toBe(200);
    clock.pass(1);
    expect((await fetch(url)).status).toBe(404);
  });

  test('answers HEAD, and no other name', async () => {
    const simulator = await startTestSimulator();
    const { video } = await simulator.untilDone(await simulator.create({ duration: 1 }));
    const head = await fetch(video?.url ?? '', { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(1000);
    expect((await fetch(`${simulator.url}/files/${'A'.repeat(32)}.mp4`)).status).toBe(404);
  });
});

test('jobs older than 48 hours are gone after a start', async () => {
  const clock = startClock();
  const DATA_DIR = await temporaryDirectory();
  const first = await startTestSimulator({ DATA_DIR }, clock.now);
  await first.create({ prompt: 'old', duration: 1 });
  clock.pass(2 * HOUR);
  await first.create({ prompt: 'young', duration: 1 });
  await first.close();
  clock.pass(47 * HOUR);
  const second = await startTestSimulator({ DATA_DIR }, clock.now);
  expect((await second.jobs()).map((job) => job.prompt)).toEqual(['young']);
});
