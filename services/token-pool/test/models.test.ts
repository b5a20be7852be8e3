import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_MODELS, listModels, type Model } from '@grok2api/contracts';
import { EXIT_BAD_SETTING } from '@grok2api/service-kit';
import { tempDir } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { answer, ScriptedServer } from '../../../packages/grok-upstream/test/scripted-server.js';
import { CALL, Fixture } from './fixture.js';

let fixture: Fixture;
let upstream: ScriptedServer;

beforeAll(async () => {
  fixture = await Fixture.start();
});
beforeEach(async () => {
  upstream = await ScriptedServer.start();
});
afterEach(async () => {
  await fixture.reset();
  await upstream.stop();
});
afterAll(() => fixture.destroy());

/** The upstream has these text models, and no others. */
function has(...models: object[]): void {
  upstream.play((response, request) => {
    answer(200, { models: request.path === '/v1/language-models' ? models : [] })(response, request);
  });
}

function start(env: Record<string, string> = {}) {
  return fixture.startPool({ XAI_API_KEY: 'xai-1', XAI_BASE_URL: `${upstream.origin}/v1`, ...env });
}

async function list(): Promise<Model[]> {
  return (await fixture.bus.call(listModels, {}, CALL)).models;
}

async function file(content: string): Promise<string> {
  const directory = await tempDir();
  onTestFinished(() => directory.remove());
  const path = join(directory.path, 'models.json');
  await writeFile(path, content);
  return path;
}

describe('the catalogue', () => {
  it('is what the upstream lists, from the first answer on', async () => {
    has({ id: 'grok-5', aliases: ['grok-next'], created: 7 });
    await start();
    const models = await list();
    const chat = models.filter(({ kind }) => kind === 'chat').map(({ id, upstream: name }) => `${id}: ${name}`);
    expect(chat.sort()).toEqual(
      ['grok-2', 'grok-3', 'grok-4', 'grok-5', 'grok-latest', 'grok-next'].map((id) => `${id}: grok-5`),
    );
    expect(models.filter(({ kind }) => kind !== 'chat')).toEqual(DEFAULT_MODELS.filter(({ kind }) => kind !== 'chat'));
  });

  it('follows the upstream, and stays as it was while that fails', async () => {
    has({ id: 'grok-5' });
    const pool = await start({ MODEL_SYNC_INTERVAL: '1s' });
    expect((await list()).map(({ id }) => id)).toContain('grok-5');
    upstream.play(answer(503, ''));
    const asked = upstream.requests.length;
    await upstream.received(asked + 3);
    expect((await list()).map(({ id }) => id)).toContain('grok-5');
    has({ id: 'grok-6' });
    await vi.waitFor(async () => expect((await list()).map(({ id }) => id)).toContain('grok-6'), { timeout: 20_000 });
    expect(pool.lines.filter((line) => line.includes('does not list its models'))).toHaveLength(1);
  });

  it('is what is known while the upstream never answered', async () => {
    upstream.play(() => {});
    await start();
    expect(await list()).toEqual(DEFAULT_MODELS);
  });

  it('asks with another credential when one is refused', async () => {
    upstream.play((response, request) => {
      const refused = request.headers.authorization === 'Bearer xai-1';
      answer(refused ? 401 : 200, refused ? '' : { models: [{ id: 'grok-5' }] })(response, request);
    });
    await start({ XAI_API_KEYS: 'xai-2,xai-3' });
    expect((await list()).map(({ id }) => id)).toContain('grok-5');
  });

  it('has the models of the file, whatever the upstream lists', async () => {
    has({ id: 'grok-5' });
    const own = [
      { id: 'grok-2', kind: 'chat', upstream: 'grok-5', created: 5 },
      { id: 'ours', kind: 'video', upstream: 'their-video', created: 6 },
    ];
    await start({ MODELS_FILE: await file(JSON.stringify(own)) });
    expect(await list()).toEqual(expect.arrayContaining([...own, expect.objectContaining({ id: 'grok-3' })]));
  });
});

describe('a models file that is wrong', () => {
  it.each([
    ['{', [expect.stringMatching(/^MODELS_FILE: .*JSON/)]],
    ['{}', [expect.stringMatching(/^MODELS_FILE: the whole: .*expected array/)]],
    [
      '[{"id":"a","kind":"song","upstream":"b","created":1},{"id":"c","kind":"chat","upstream":"","created":-1}]',
      [/0\.kind/, /1\.upstream/, /1\.created/].map((fault) => expect.stringMatching(fault)),
    ],
    [
      JSON.stringify([1, 2].map((created) => ({ id: 'a', kind: 'chat', upstream: 'b', created }))),
      ['MODELS_FILE: 1.id: a is there twice'],
    ],
  ])('ends the start with every fault: %s', async (content, faults) => {
    const { code, lines } = await fixture.runPool({ MODELS_FILE: await file(content) });
    expect(code).toBe(EXIT_BAD_SETTING);
    const fatal = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'fatal');
    expect(fatal.map(({ msg }) => msg)).toEqual(faults);
  });

  it('ends it too when there is none', async () => {
    const { code, lines } = await fixture.runPool({ MODELS_FILE: '/nowhere/models.json' });
    expect(code).toBe(EXIT_BAD_SETTING);
    expect(lines.join()).toContain('MODELS_FILE: ENOENT');
  });
});
