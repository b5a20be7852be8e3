import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Metrics, Readiness } from '../src/index.js';
import { type OpsServer, type OpsServerOptions, openOpsServer } from '../src/ops/ops-server.js';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

function levelHolder() {
  let level = 'info';
  return {
    get: () => level,
    set: (to: string) => {
      level = to;
    },
  };
}

async function start(options: Partial<OpsServerOptions> = {}): Promise<OpsServer> {
  const server = await openOpsServer({
    host: '127.0.0.1',
    port: 0,
    orAnother: false,
    metrics: new Metrics('test'),
    readiness: new Readiness(new AbortController().signal),
    logLevel: levelHolder(),
    ...options,
  });
  open.push(server);
  return server;
}

const notReady = (what: string) => ({ status: 'not ready', missing: [what] });
const put = (url: string, body: string) => fetch(url, { method: 'PUT', body });

describe('the ops port', () => {
  it('tells that the process lives, and whether it can work', async () => {
    const stopping = new AbortController();
    const readiness = new Readiness(stopping.signal);
    let isThere = false;
    readiness.need('client keys', () => isThere);
    const { url } = await start({ readiness });
    const ask = async () => {
      const reply = await fetch(`${url}/readyz`);
      return [reply.status, await reply.json()];
    };
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await ask()).toEqual([503, notReady('starting')]);
    readiness.started();
    expect(await ask()).toEqual([503, notReady('client keys')]);
    isThere = true;
    expect(await ask()).toEqual([200, { status: 'ok' }]);
    stopping.abort();
    expect(await ask()).toEqual([503, notReady('stopping')]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('shows the metrics, those that others know as they are at the moment', async () => {
    const metrics = new Metrics('test');
    metrics.counter('seen_total', 'What was seen.', ['kind']).inc({ kind: 'a' }, 2);
    const gauge = metrics.readGauge('things', 'Things.', ['state']);
    metrics.readGauge('unread', 'Of which nobody knows.');
    metrics.readGauge('empty', 'Of which there is none.', ['state']).readFrom(() => []);
    const { url } = await start({ metrics });
    let count = 1;
    gauge.readFrom(() => [{ labels: { state: 'new' }, value: count }]);
    count = 7;
    const reply = await fetch(`${url}/metrics`);
    expect(reply.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const text = await reply.text();
    expect(text).toContain('seen_total{kind="a",service="test"} 2\n');
    expect(text).toContain('things{state="new",service="test"} 7\n');
    expect(text).not.toMatch(/^unread/m);
    expect(await metrics.samples()).toEqual([
      { name: 'seen_total', labels: { kind: 'a' }, value: 2 },
      { name: 'things', labels: { state: 'new' }, value: 7 },
    ]);
  });

  it('sets the log level, to nothing but a level', async () => {
    const logLevel = levelHolder();
    const { url } = await start({ logLevel });
    expect((await put(`${url}/log-level`, '{"level":"debug"}')).status).toBe(200);
    expect(logLevel.get()).toBe('debug');
    for (const body of ['{"level":"loud"}', '{', '', 'null', `"${'x'.repeat(2_000)}"`]) {
      expect([body, (await put(`${url}/log-level`, body)).status]).toEqual([body, 400]);
    }
    expect(await (await fetch(`${url}/log-level`)).json()).toEqual({ level: 'debug' });
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
  });

  it('takes another port for one that is taken only where that will do', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    open.push(holder);
    await new Promise((resolve) => holder.once('listening', resolve));
    const address = holder.address();
    const taken = typeof address === 'object' && address ? address.port : 0;
    const { url } = await start({ port: taken, orAnother: true });
    expect(new URL(url).port).not.toBe(String(taken));
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await expect(start({ port: taken })).rejects.toThrow('EADDRINUSE');
  });
});
