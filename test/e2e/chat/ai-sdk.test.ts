import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { TestSystem } from '@grok2api/testkit';
import { streamText } from 'ai';
import { afterAll, beforeAll, expect, it } from 'vitest';

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start({ env: { SIMULATOR_TOKEN_MS: '2' } });
});
afterAll(async () => {
  await system?.stop();
});

it("the ai package's provider streams reasoning and text", async () => {
  const grok = createOpenAICompatible({
    name: 'grok',
    baseURL: `${system.baseUrl}/v1`,
    apiKey: 'any',
    includeUsage: true,
  });
  const result = streamText({ model: grok('grok-4.7'), prompt: '你好，请介绍一下你自己', maxRetries: 0 });
  const parts = { text: 0, reasoning: 0 };
  for await (const part of result.fullStream) {
    if (part.type === 'text-delta') parts.text++;
    if (part.type === 'reasoning-delta') parts.reasoning++;
    if (part.type === 'error') throw part.error;
  }
  expect(await result.text).toContain('Grok');
  expect(await result.reasoningText).toBeTruthy();
  expect(parts.text).toBeGreaterThan(5);
  expect(parts.reasoning).toBeGreaterThan(1);
  expect((await result.usage).outputTokens).toBeGreaterThan(5);
  expect(await result.finishReason).toBe('stop');
});
