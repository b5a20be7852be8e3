import { randomBytes } from 'node:crypto';
import { newWebhookSecret } from '@grok2api/contracts';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { webhookHeaders } from '../src/signature.js';

const PAYLOAD = '{"type":"video.task.completed","prompt":"一只猫 🐈"}';
const [current, previous, other] = [1, 2, 3].map(() => newWebhookSecret(randomBytes));

describe('the headers', () => {
  const headers = webhookHeaders('msg_1', PAYLOAD, { current: current ?? '' }, Date.now());

  it('are what a receiver verifies', () => {
    expect(new Webhook(current ?? '').verify(PAYLOAD, headers)).toEqual(JSON.parse(PAYLOAD));
    expect(headers).toMatchObject({ 'webhook-id': 'msg_1', 'webhook-signature': expect.stringMatching(/^v1,\S{44}$/) });
  });

  it.each([
    ['another secret', other, PAYLOAD, headers],
    ['another payload', current, `${PAYLOAD} `, headers],
    ['another id', current, PAYLOAD, { ...headers, 'webhook-id': 'msg_2' }],
    ['another time', current, PAYLOAD, { ...headers, 'webhook-timestamp': String(Math.floor(Date.now() / 1000) - 7) }],
  ])('are refused with %s', (_what, secret, payload, presented) => {
    expect(() => new Webhook(secret ?? '').verify(payload, presented)).toThrow('No matching signature found');
  });

  it('are verified with either secret while one replaces the other', () => {
    const both = webhookHeaders('msg_1', PAYLOAD, { current: current ?? '', previous }, Date.now());
    expect(both['webhook-signature']?.split(' ')).toHaveLength(2);
    for (const secret of [current, previous]) new Webhook(secret ?? '').verify(PAYLOAD, both);
    expect(() => new Webhook(other ?? '').verify(PAYLOAD, both)).toThrow('No matching signature found');
  });
});
