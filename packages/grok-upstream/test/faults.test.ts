import { OUTCOMES } from '@grok2api/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UPSTREAM_FAULTS } from '../src/index.js';
import { type CallKind, saysUnknownModel, sortAnswer } from '../src/xai/faults.js';

const facts = (status: number, code = '', text = '') => ({ status, code, text, complete: true });
const CREDITS = 'Your team has either used all available credits or reached its monthly spending limit.';
const MODEL = 'The model grok-0 does not exist. Please ensure that you are using the correct API key.';
const USAGE = 'Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO';

describe('sorting of answers to a create', () => {
  it.each([
    [400, 'invalid-argument', 'Incorrect API key provided', 'credential_dead', 'dead'],
    [401, '', '', 'credential_dead', 'dead'],
    [403, 'permission-denied', 'no permission', 'not_permitted', 'not_permitted'],
    [403, 'permission-denied', USAGE, 'moderated', 'not_counted'],
    [400, 'imagine:content-moderated', '', 'moderated', 'not_counted'],
    [400, 'invalid-argument', 'wrong ratio', 'bad_request', 'not_counted'],
    [400, 'invalid-argument', MODEL, 'bad_request', 'not_counted'],
    [404, 'not-found', '', 'bad_request', 'not_counted'],
    [410, '', '', 'bad_request', 'not_counted'],
    [415, '', '', 'bad_request', 'not_counted'],
    [422, '', '', 'bad_request', 'not_counted'],
    [418, '', '', 'bad_request', 'not_counted'],
    [429, 'resource-exhausted', 'Too many requests', 'rate_limited', 'rate_limited'],
    [429, '', CREDITS, 'no_credits', 'no_credits'],
    [403, '', CREDITS, 'no_credits', 'no_credits'],
    [402, '', '', 'no_credits', 'no_credits'],
    [408, '', '', 'transient', 'fault'],
    [409, '', '', 'transient', 'fault'],
    [425, '', '', 'transient', 'fault'],
    [500, '', '', 'transient', 'fault'],
    [503, '', '', 'transient', 'fault'],
  ] as const)('%i %s %s: %s, and it was not accepted', (status, code, text, fault, outcome) => {
    expect(sortAnswer('create', facts(status, code, text))).toEqual({ fault, outcome, submitted: 'no' });
  });

  it.each([301, 302, 501, 502, 504, 507, 520, 522, 524, 529])('%i proves nothing', (status) => {
    expect(sortAnswer('create', facts(status))).toEqual({ fault: 'transient', outcome: 'fault', submitted: 'unknown' });
  });

  it.each([
    ['resource-exhausted', '', 'rate_limited'],
    ['', 'Too many requests', 'rate_limited'],
    ['', CREDITS, 'no_credits'],
    ['', 'Incorrect API key provided', 'credential_dead'],
    ['', MODEL, 'bad_request'],
    ['unauthenticated', '', 'credential_dead'],
    ['permission-denied', '', 'not_permitted'],
    ['imagine:content-moderated', '', 'moderated'],
    ['not-found', '', 'bad_request'],
    ['invalid-argument', '', 'bad_request'],
    ['internal', 'oops', 'transient'],
    ['', '', 'transient'],
  ] as const)('an error in a 200, %s %s, is %s and proves nothing', (code, text, fault) => {
    expect(sortAnswer('create', facts(200, code, text))).toMatchObject({ fault, submitted: 'unknown' });
  });

  it.each([400, 429, 500, 503])('%i that is not complete proves nothing', (status) => {
    expect(sortAnswer('create', { ...facts(status), complete: false }).submitted).toBe('unknown');
  });
});

describe('sorting of answers to a poll', () => {
  it.each([
    [404, '', '', 'job_gone', 'not_counted'],
    [410, '', '', 'job_gone', 'not_counted'],
    [401, '', '', 'transient', 'fault'],
    [403, '', '', 'transient', 'fault'],
    [403, '', USAGE, 'transient', 'not_counted'],
    [400, '', 'Incorrect API key provided', 'transient', 'fault'],
    [408, '', '', 'transient', 'fault'],
    [409, '', '', 'transient', 'fault'],
    [425, '', '', 'transient', 'fault'],
    [429, '', '', 'transient', 'rate_limited'],
    [429, '', CREDITS, 'transient', 'no_credits'],
    [403, '', CREDITS, 'transient', 'no_credits'],
    [402, '', '', 'transient', 'no_credits'],
    [500, '', '', 'transient', 'fault'],
    [502, '', '', 'transient', 'fault'],
    [503, '', '', 'transient', 'fault'],
    [504, '', '', 'transient', 'fault'],
    [524, '', '', 'transient', 'fault'],
    [302, '', '', 'transient', 'fault'],
    [400, 'imagine:content-moderated', '', 'moderated', 'not_counted'],
    [400, 'invalid-argument', '', 'bad_request', 'not_counted'],
    [422, '', '', 'bad_request', 'not_counted'],
    [200, 'not-found', '', 'job_gone', 'not_counted'],
    [200, 'resource-exhausted', '', 'transient', 'rate_limited'],
    [200, 'imagine:content-moderated', '', 'moderated', 'not_counted'],
    [200, '', 'oops', 'transient', 'fault'],
  ] as const)('%i %s %s: %s, report %s', (status, code, text, fault, outcome) => {
    expect(sortAnswer('poll', facts(status, code, text))).toEqual({ fault, outcome, submitted: 'no' });
  });
});

describe('an unknown model', () => {
  it.each([
    ['chat', 404, 'not-found', '', true],
    ['chat', 404, 'Some requested entity was not found', '', true],
    ['chat', 404, '', '<h1>404 Not Found</h1>', false],
    ['chat', 400, '', 'Model not found: grok-0', true],
    ['chat', 400, '', 'Unknown model', true],
    ['chat', 400, '', 'The model does not take the parameter stop', false],
    ['chat', 400, 'not-found', '', false],
    ['create', 404, 'not-found', '', false],
    ['create', 404, 'not-found', MODEL, true],
  ] as const)('%s, %i %s %s: %s', (call, status, code, text, unknown) => {
    expect(saysUnknownModel(call, facts(status, code, text))).toBe(unknown);
  });

  it('is looked for in a megabyte within a moment', () => {
    expect(saysUnknownModel('chat', facts(400, '', 'model '.repeat(170_000)))).toBe(false);
  });
});

describe('sorting of any answer', () => {
  const calls = fc.constantFrom<CallKind>('create', 'chat', 'poll', 'read');
  const words = fc.oneof(fc.string(), fc.constantFrom('API key', CREDITS, USAGE, 'content-moderated', 'not-found'));
  const answers = (status: fc.Arbitrary<number>) =>
    fc.record({ status, code: words, text: words, complete: fc.boolean() });

  it('never throws and stays within the unions', () => {
    fc.assert(
      fc.property(calls, answers(fc.oneof(fc.integer(), fc.integer({ min: 100, max: 599 }))), (call, answer) => {
        const sorted = sortAnswer(call, answer);
        expect(UPSTREAM_FAULTS).toContain(sorted.fault);
        expect(OUTCOMES).toContain(sorted.outcome);
        if (call !== 'create') expect(sorted.submitted).toBe('no');
      }),
    );
  });

  it('takes only a complete 4xx, 500 or 503 for the proof that a create was not accepted', () => {
    fc.assert(
      fc.property(answers(fc.integer({ min: 100, max: 599 })), (answer) => {
        const { status } = answer;
        const proof = answer.complete && ((status >= 400 && status < 500) || [500, 503].includes(status));
        expect(sortAnswer('create', answer).submitted).toBe(proof ? 'no' : 'unknown');
      }),
    );
  });

  it('never calls a create refused after 502, 504 or 52x', () => {
    const doubtful = fc.oneof(fc.constantFrom(502, 504), fc.integer({ min: 520, max: 529 }));
    fc.assert(fc.property(answers(doubtful), (answer) => sortAnswer('create', answer).submitted === 'unknown'));
  });

  it('ends a poll only by the faults that the port names', () => {
    const allowed = ['transient', 'job_gone', 'moderated', 'bad_request'];
    fc.assert(
      fc.property(answers(fc.integer({ min: 200, max: 599 })), (answer) => {
        expect(allowed).toContain(sortAnswer('poll', answer).fault);
      }),
    );
  });
});
