import { TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(async () => {
  await system?.stop();
});

it.each(['/docs', '/v1/docs', '/docs/'])('%s is a page of nothing but what this server has', async (path) => {
  const answer = await fetch(system.baseUrl + path);
  expect(answer.status).toBe(200);
  const policy = answer.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toMatch(/https?:|unsafe-eval|\*/);
  const page = await answer.text();
  const named = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => new URL(address ?? '', answer.url));
  expect(named.length).toBeGreaterThan(3);
  for (const url of named) {
    expect(url.origin).toBe(system.baseUrl);
    expect((await fetch(url)).status).toBe(200);
  }
  const script = await (await fetch(new URL('docs/init.js', answer.url))).text();
  const [, document] = /url: '([^']+)'/.exec(script) ?? [];
  expect((await fetch(new URL(document ?? '', answer.url))).headers.get('content-type')).toMatch(/^application\/json/);
});

it('gives out no other file', async () => {
  for (const file of ['package.json', 'index.html', '..%2fpackage.json', 'swagger-ui-bundle.js.map']) {
    expect((await fetch(`${system.baseUrl}/docs/${file}`)).status).toBe(404);
  }
});
