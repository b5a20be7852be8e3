import { execFile } from 'node:child_process';
import { chown, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { freeLoopbackPort } from '@grok2api/launcher';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Compose } from './support/compose.js';

const run = promisify(execFile);
const KEY = 'a-key-for-the-test';
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

let system: Compose;
let port: number;
beforeAll(async () => {
  port = await freeLoopbackPort();
  system = await Compose.prepare({
    COMPOSE_FILE: 'docker-compose.yml:deploy/docker/compose.tls.yml',
    API_KEYS: `test:${KEY}`,
    TLS_PORT: String(port),
    SIMULATOR_VIDEO_MS: '1000',
  });
  const secrets = join(system.directory, 'secrets');
  await makeCa(secrets, 'nats-ca');
  await makeCertificate(secrets, 'nats-ca', 'nats', 'DNS:nats');
  await makeCa(secrets, 'tls-ca');
  await makeCertificate(secrets, 'tls-ca', 'tls', 'IP:127.0.0.1');
  await system.compose('build');
  await system.compose('up', '--detach', '--wait');
});
afterAll(() => system?.remove());

/** A CA of our own: NAME and NAME-key. */
async function makeCa(directory: string, name: string): Promise<void> {
  const files = ['-keyout', `${name}-key`, '-out', name];
  await run('openssl', ['req', '-x509', ...CURVE, '-days', '2', '-subj', `/CN=${name}`, ...files], { cwd: directory });
}

/** A certificate of a CA: NAME-certificate and NAME-key, as the containers can read them. */
async function makeCertificate(directory: string, ca: string, name: string, subject: string): Promise<void> {
  const options = { cwd: directory };
  const files = ['-keyout', `${name}-key`, '-out', `${name}.csr`];
  await run('openssl', ['req', ...CURVE, '-subj', `/CN=${name}`, ...files], options);
  await writeFile(join(directory, `${name}.ext`), `subjectAltName=${subject}`);
  const signed = ['-CA', ca, '-CAkey', `${ca}-key`, '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`];
  await run('openssl', ['x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}-certificate`], options);
  for (const file of [ca, `${name}-key`, `${name}-certificate`]) await chown(join(directory, file), 1000, 1000);
}

/** Sends a request over TLS to the proxy, whose certificate has to be of the CA given. */
async function send(method: string, path: string, ca: Buffer | undefined, key: string, body?: object) {
  const answer = await new Promise<{ status: number | undefined; body: Buffer }>((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    request({ host: '127.0.0.1', port, method, path, headers, ...(ca && { ca }) }, (response) => {
      buffer(response).then((bytes) => resolve({ status: response.statusCode, body: bytes }), reject);
    })
      .once('error', reject)
      .end(body && JSON.stringify(body));
  });
  return { status: answer.status, body: JSON.parse(answer.body.toString()) };
}

it('speaks TLS with clients, who need a key', async () => {
  const ca = await readFile(join(system.directory, 'secrets/tls-ca'));
  const chat = { model: 'grok-2', messages: [{ role: 'user', content: '你好' }] };
  expect(await send('POST', '/v1/chat/completions', ca, KEY, chat)).toMatchObject({
    status: 200,
    body: { object: 'chat.completion' },
  });
  expect((await send('POST', '/v1/chat/completions', ca, 'another', chat)).status).toBe(401);
  await expect(send('GET', '/v1/models', undefined, KEY)).rejects.toThrow(/certificate/);
});

it('makes a video with all its services on a NATS that takes nothing but TLS', async () => {
  const ca = await readFile(join(system.directory, 'secrets/tls-ca'));
  const video = { model: 'grok-imagine-1.0-video', prompt: '一只海豚' };
  const made = await send('POST', '/v1/video/generations/async', ca, KEY, video);
  expect(made).toMatchObject({ status: 202 });
  await expect
    .poll(async () => (await send('GET', `/v1/video/tasks/${made.body.data.taskId}`, ca, KEY)).body.status, {
      timeout: 60_000,
      interval: 500,
    })
    .toBe('completed');

  const greeting = `require('net').connect(4222, 'nats').once('data', (data) => { process.stdout.write(data); process.exit(); })`;
  const info = await system.compose('exec', '-T', 'chat', 'node', '-e', greeting);
  expect(JSON.parse(info.slice('INFO '.length))).toMatchObject({ tls_required: true });
});
