import { Receiver, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pathOf, type ReceivedSpan, spansOf } from './support/spans.js';

const WITHIN = { timeout: 20_000 };
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

let collector: Receiver;
let system: TestSystem;
beforeAll(async () => {
  collector = await Receiver.start((response) => response.writeHead(200).end('{}'));
  system = await TestSystem.start({
    videoWorkers: 2,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
      OTEL_BSP_SCHEDULE_DELAY: '200',
      // Long enough to be handed over.
      SIMULATOR_VIDEO_MS: '4000',
    },
  });
});
afterAll(async () => {
  await system?.stop();
  await collector?.stop();
});

const found = (wanted: (span: ReceivedSpan) => boolean) => spansOf(collector).filter(wanted);

/** The only span of a service with that name in a trace, once it has come. */
async function spanOf(traceId: string, service: string, name: string): Promise<ReceivedSpan> {
  const matches = () => found((span) => span.traceId === traceId && span.service === service && span.name === name);
  await expect.poll(() => matches().length, { ...WITHIN, message: `${service}: ${name}` }).toBe(1);
  const [span] = matches();
  if (!span) throw new Error('it is gone again');
  return span;
}

describe('a chat', () => {
  it('is one trace, from the client over the bus to the upstream and the tables', async () => {
    const reply = await fetch(`${system.baseUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01` },
      body: JSON.stringify({ model: 'grok-4', stream: true, messages: [{ role: 'user', content: 'hi' }] }),
    });
    expect(reply.status).toBe(200);
    expect(await reply.text()).toContain('[DONE]');

    const begin = 'api-gateway: POST /v1/chat/completions';
    const onBus = ['chat: grok.chat.completions', 'api-gateway: grok.chat.completions', begin];
    const upstream = await spanOf(TRACE_ID, 'chat', 'upstream chat_stream');
    await spanOf(TRACE_ID, 'api-gateway', 'POST /v1/chat/completions');
    await spanOf(TRACE_ID, 'chat', 'grok.chat.completions');
    await spanOf(TRACE_ID, 'api-gateway', 'grok.chat.completions');
    expect(pathOf(upstream, spansOf(collector))).toEqual(['chat: upstream chat_stream', ...onBus]);
    // The first request finds no credential in stock.
    const taken = await spanOf(TRACE_ID, 'token-pool', 'grants.take');
    await spanOf(TRACE_ID, 'token-pool', 'grok.credentials.acquire');
    await spanOf(TRACE_ID, 'chat', 'grok.credentials.acquire');
    expect(pathOf(taken, spansOf(collector))).toEqual([
      'token-pool: grants.take',
      'token-pool: grok.credentials.acquire',
      'chat: grok.credentials.acquire',
      ...onBus,
    ]);
    const line = await system.logLine({ service: 'api-gateway', msg: 'request', path: '/v1/chat/completions' });
    expect(line.trace_id).toBe(TRACE_ID);
    const completed = await system.logLine({ service: 'chat', msg: 'completed a chat' });
    expect(completed).toMatchObject({ trace_id: TRACE_ID, request_id: line.request_id, owner: line.owner });
  });
});

describe('a video task', () => {
  it('has a trace for each worker that had it, linked to that of the request', async () => {
    const tasks = system.tasks();
    const id = await tasks.create('a cat');
    const claimed = await system.logLine({ msg: 'claimed', task_id: id });
    await system.logLine({ msg: 'submitted to the upstream', task_id: id });
    system.kill(String(claimed.instance), 'SIGTERM');
    expect((await tasks.ended(id)).status).toBe('completed');

    const [created] = found(({ service, name }) => service === 'api-gateway' && name === 'tasks.create');
    const workers = () =>
      found(({ name, links }) => name === 'video task' && links.some(({ traceId }) => traceId === created?.traceId));
    await expect.poll(() => workers().length, WITHIN).toBe(2);
    const traces = workers().map(({ traceId }) => traceId);
    expect(new Set([...traces, created?.traceId]).size).toBe(3);
    const names = (traceId: string | undefined) => found((span) => span.traceId === traceId).map(({ name }) => name);
    const all = traces.flatMap(names);
    for (const name of ['upstream create_video', 'claims.submit', 'upstream poll_video', 'claims.complete']) {
      expect(all).toContain(name);
    }
    const claims = system.logLines({ msg: 'claimed', task_id: id });
    expect(claims.map(({ trace_id }) => trace_id).toSorted()).toEqual(traces.toSorted());
  });

  it('leaves out what nobody asked for', () => {
    const roots = found(({ parentSpanId }) => !parentSpanId).map(({ name }) => name);
    expect(roots.filter((name) => !/^(POST|GET|video task|image task|callback)/.test(name))).toEqual([]);
  });
});
