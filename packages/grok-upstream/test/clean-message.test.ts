import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanMessage } from '../src/xai/clean-message.js';
import { SECRET } from './support.js';

const UUID = '0b6f1a2c-93d4-4e5f-8a6b-7c8d9e0f1a2b';

describe('cleanMessage', () => {
  it.each([
    ['Too many requests', 'Too many requests'],
    [`wrong key ${SECRET}!`, 'wrong key [key]!'],
    ['wrong key xai-SomethingElse-1_2.', 'wrong key [key]'],
    ['Incorrect API key provided: xa***89. Get one', 'Incorrect API key provided: [key] Get one'],
    [`Your team ${UUID} has no credits`, 'Your team [id] has no credits'],
    [`see https://console.x.ai/team/${UUID}/billing`, 'see https://console.x.ai/team/[id]/billing'],
    ['team_id: 8842 is blocked', 'team [id] is blocked'],
    ['ask bob@acme.example for it', 'ask [account] for it'],
    ['trace 0123456789abcdef0123', 'trace [id]'],
    [`${UUID.replaceAll('-', '')} failed`, '[id] failed'],
    ['sent Authorization: Bearer abc.def', 'sent Authorization: [key]'],
    ['<html><style>p{color:red}</style><h1>502</h1>\n<p>Bad\tGateway</p><!-- x --></html>', '502 Bad Gateway'],
    ['a\u0000b\ud800c', 'a b c'],
    ['your team does not have access to it', 'your team does not have access to it'],
    ['<html></html>', ''],
    ['', ''],
  ])('%j → %j', (text, clean) => {
    expect(cleanMessage(text, SECRET)).toBe(clean);
  });

  it('keeps at most 300 characters and no half of one', () => {
    const clean = cleanMessage('😀 '.repeat(400), SECRET);
    expect([...clean]).toHaveLength(300);
    expect(clean.isWellFormed()).toBe(true);
  });

  it('never lets the key through, wherever it stands and whatever it looks like', () => {
    const key = fc.string({ minLength: 8, unit: fc.constantFrom(...'abcXYZ0189-_.$&<>') });
    fc.assert(
      fc.property(fc.string(), key, fc.string(), fc.nat(9000), (before, secret, after, padding) => {
        const text = `${'x '.repeat(padding / 2)}${before}${secret}${after}`;
        expect(cleanMessage(text, secret)).not.toContain(secret);
      }),
    );
  });

  it.each([
    ['<', 1_000_000],
    ['<script>', 100_000],
    ['<!--', 200_000],
    ['*', 1_000_000],
    ['a.', 500_000],
    ['team ', 200_000],
  ])('is done with a megabyte of %j', (part, times) => {
    expect(cleanMessage(part.repeat(times), SECRET).length).toBeLessThanOrEqual(300);
  });
});
