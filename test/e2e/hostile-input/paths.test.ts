import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(async () => {
  await system?.stop();
});

/** Sends a request with a path as it is written, which `fetch` would tidy. */
function send(method: string, path: string): Promise<{ status: number; body: string; allow: string | undefined }> {
  const { hostname, port } = new URL(system.baseUrl);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path }, (answer) => {
      text(answer).then(
        (body) => resolve({ status: answer.statusCode ?? 0, body, allow: answer.headers.allow }),
        reject,
      );
    });
    sent.once('error', reject).end();
  });
}

const BROKEN = [
  '%',
  '%zz',
  '%ff',
  '%c0%80',
  '%00',
  'a%00b',
  '%ed%a0%80',
  '%2e%2e%2f',
  '..%2f..%2fetc%2fpasswd',
  '%F0%9F',
];
const PATHS = [
  '/v1/files/X',
  '/v1/models/X',
  '/v1/video/tasks/X',
  '/v1/video/tasks/X/result',
  '/v1/video/tasks/X/stream',
  '/v1/images/tasks/X',
  '/v1/X/y',
  '/X',
];

it.each(PATHS)('%s with a broken name is no route or no thing, and no fault of the server', async (path) => {
  for (const name of BROKEN) {
    const answer = await send('GET', path.replace('X', name));
    expect([name, answer.status]).toEqual([name, expect.toSatisfy((status) => status === 400 || status === 404)]);
    expect(JSON.parse(answer.body)).toMatchObject({
      error: { type: 'invalid_request_error', message: expect.any(String) },
    });
  }
});
