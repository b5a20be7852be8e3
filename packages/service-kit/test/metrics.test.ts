import { describe, expect, it } from 'vitest';
import { createMetrics } from '../src/index.js';

describe('createMetrics', () => {
  it("has the process' default metrics, under the service's name, apart from other registries", async () => {
    const [chat, image] = [createMetrics('chat'), createMetrics('image')];
    expect(await chat.text()).toMatch(/^process_cpu_seconds_total\{service="chat"\} \d/m);
    const text = await image.text();
    expect(text).toMatch(/^nodejs_heap_size_total_bytes\{service="image"\} \d/m);
    expect(text).not.toContain('chat');
  });
});
