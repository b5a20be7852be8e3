import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createXaiUpstream, type GrokUpstream, type UpstreamImageRequest } from '../src/index.js';
import { answer, cut, hang, hangUp, type Script, ScriptedServer, unframed } from './scripted-server.js';
import { credentialFor, failureOf, IMAGE, SECRET, untilDone } from './support.js';

let server: ScriptedServer;
let upstream: GrokUpstream;
beforeEach(async () => {
  server = await ScriptedServer.start();
  // The time of other creates does not count.
  upstream = createXaiUpstream({ createTimeoutMs: 1, maxAnswerBytes: 1000, maxImageBytes: 3000 });
});
afterEach(async () => {
  await upstream.close();
  await server.stop();
});
const create = (request: Partial<UpstreamImageRequest> = {}, timeoutMs = 5000) =>
  upstream.createImages(credentialFor(server.origin), { ...IMAGE, ...request }, { ...untilDone(), timeoutMs });

const JPEG = new Uint8Array([255, 216, 255, 224]);
const image = (more: object = {}) => ({ b64_json: '/9j/4A==', mime_type: 'image/jpeg', ...more });
const images = (...data: object[]) => answer(200, { data, usage: { cost_in_usd_ticks: 200_000_000 } });

describe('POST /images/generations and /images/edits', () => {
  it('asks for images inside of the answer, with nothing that was not asked for', async () => {
    server.play(images(image()));
    await create();
    const request = await server.received(1);
    expect(request).toMatchObject({ method: 'POST', path: '/v1/images/generations' });
    expect(request.headers).toMatchObject({ authorization: `Bearer ${SECRET}`, connection: 'close' });
    expect(JSON.parse(request.body)).toEqual({ ...IMAGE, response_format: 'b64_json' });
  });

  it('sends every parameter', async () => {
    server.play(images(image()));
    await create({ aspectRatio: '16:9', resolution: '2k', quality: 'medium', user: 'u-1', images: [] });
    const request = await server.received(1);
    expect(request.path).toBe('/v1/images/generations');
    expect(JSON.parse(request.body)).toEqual({
      ...IMAGE,
      aspect_ratio: '16:9',
      resolution: '2k',
      quality: 'medium',
      user: 'u-1',
      response_format: 'b64_json',
    });
  });

  it.each([
    [['data:image/png;base64,AAAA'], { image: { url: 'data:image/png;base64,AAAA' } }],
    [
      ['https://pictures.example/1.png', 'https://pictures.example/2.png'],
      { images: [{ url: 'https://pictures.example/1.png' }, { url: 'https://pictures.example/2.png' }] },
    ],
  ])('edits %j', async (urls, sent) => {
    server.play(images(image()));
    await create({ images: urls });
    const request = await server.received(1);
    expect(request.path).toBe('/v1/images/edits');
    expect(JSON.parse(request.body)).toEqual({ ...IMAGE, ...sent, response_format: 'b64_json' });
  });
});

describe('the images', () => {
  it('are decoded', async () => {
    server.play(images(image({ revised_prompt: 'A "cat"' }), image({ mime_type: 'image/png' })));
    expect(await create()).toEqual({
      images: [
        { bytes: JPEG, mimeType: 'image/jpeg', revisedPrompt: 'A "cat"' },
        { bytes: JPEG, mimeType: 'image/png' },
      ],
      refused: 0,
      broken: 0,
      costUsdTicks: 200_000_000,
    });
  });

  it('are those that came', async () => {
    const large = Buffer.alloc(3001).toString('base64');
    server.play(
      images(
        image({ respect_moderation: false }),
        { respect_moderation: false },
        image({ b64_json: '' }),
        image({ b64_json: 'not base64' }),
        image({ b64_json: large }),
        { url: 'https://imgen.x.ai/1.jpg', mime_type: 'image/jpeg' },
        { url: '', b64_json: null },
        image({ b64_json: 7 }),
        image({ respect_moderation: true }),
      ),
    );
    expect(await create()).toMatchObject({ images: [{ bytes: JPEG }], refused: 2, broken: 6 });
  });

  it.each([
    ['a data URL', image({ b64_json: 'data:image/jpeg;base64,/9j/4A==' })],
    ['no type', { b64_json: '/9j/4A==' }],
    ['another type of type', image({ mime_type: 7, revised_prompt: null, respect_moderation: 'yes' })],
    ['a type that is none', image({ mime_type: 'image/jpeg\r\nx: y' })],
  ])('are taken with %s', async (_, entry) => {
    server.play(images(entry));
    expect(await create()).toMatchObject({ images: [{ bytes: JPEG, mimeType: 'image/jpeg' }], refused: 0, broken: 0 });
  });

  it('do not depend on usage', async () => {
    server.play(answer(200, { data: [image()], error: 'slow today', usage: 'none' }));
    expect(await create()).toEqual({
      images: [{ bytes: JPEG, mimeType: 'image/jpeg' }],
      refused: 0,
      broken: 0,
    });
  });

  it('may be as large as they may be, all of them', async () => {
    const bytes = Buffer.alloc(3000, 'ab');
    const entry = image({ b64_json: bytes.toString('base64') });
    server.play(images(entry, entry));
    const { images: made } = await create();
    expect(made.map((file) => bytes.equals(file.bytes))).toEqual([true, true]);
  });
});

describe('no images', () => {
  it.each<[string, Script, string, string, RegExp]>([
    ['all refused', images({ respect_moderation: false }, image({ b64_json: '' })), 'moderated', 'unknown', /moderat/],
    ['moderation', answer(400, { code: 'imagine:content-moderated', error: 'No.' }), 'moderated', 'no', /^No\.$/],
    ['a bad request', answer(422, { error: 'bad ratio' }), 'bad_request', 'no', /ratio/],
    ['a rate limit', answer(429, { error: 'Too many requests' }), 'rate_limited', 'no', /Too many/],
    ['a rate limit in a 200', answer(200, { error: 'Too many requests' }), 'rate_limited', 'unknown', /Too many/],
    ['a 500', answer(500, { error: 'Sorry' }), 'transient', 'no', /Sorry/],
    ['a 502', answer(502, '<html><h1>502</h1></html>'), 'transient', 'unknown', /502/],
    ['empty images', images(image({ b64_json: '' })), 'transient', 'unknown', /no image/],
    ['URLs', images({ url: 'https://imgen.x.ai/1.jpg' }), 'transient', 'unknown', /no image/],
    ['an empty list', images(), 'transient', 'unknown', /no image/],
    ['nothing', answer(200), 'transient', 'unknown', /unreadable/],
    ['HTML', answer(200, '<html>Hello</html>'), 'transient', 'unknown', /unreadable/],
    ['cut JSON', answer(200, '{"data":[{"b64_json":"/9j/4A=='), 'transient', 'unknown', /unreadable/],
    ['no connection', hangUp, 'transient', 'unknown', /connection/],
    ['a cut answer', cut(200, JSON.stringify({ data: [image()] })), 'transient', 'unknown', /connection/],
    ['a cut refusal', cut(400, '{"error":"No'), 'transient', 'unknown', /connection/],
    ['a refusal whose end is not known', unframed(429, '{"error":"Too'), 'rate_limited', 'unknown', /Too/],
    ['too much', images(image({ b64_json: 'A'.repeat(20_000) })), 'transient', 'unknown', /longer than 9000 bytes/],
    ['too much beside', images(image({ x: 'A'.repeat(1000) })), 'transient', 'unknown', /longer than 1000 bytes/],
  ])('but %s', async (_, script, fault, submitted, message) => {
    server.play(script);
    const error = await failureOf(create());
    expect(error).toMatchObject({ fault, submitted });
    expect(error.message).toMatch(message);
    expect(server.requests).toHaveLength(1);
  });

  it('within their time', async () => {
    server.play(hang);
    const error = await failureOf(create({}, 200));
    expect(error).toMatchObject({ fault: 'transient', submitted: 'unknown' });
    expect(error.message).toContain('200 ms');
    await (await server.received(1)).closed;
  });

  it('of a model that is not known', async () => {
    server.play(answer(404, { code: 'not-found', error: 'The model x does not exist' }));
    expect(await failureOf(create())).toMatchObject({ fault: 'bad_request', unknownModel: true, submitted: 'no' });
  });
});
