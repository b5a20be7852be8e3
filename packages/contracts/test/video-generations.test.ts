import { describe, expect, it } from 'vitest';
import { ApiError, inAsyncDialect, ModelCatalogue, parseCreateVideoGeneration } from '../src/index.js';

const models = new ModelCatalogue();
const model = 'grok-imagine-1.0-video';
const parse = (body: unknown) => parseCreateVideoGeneration(body, models, { maxPromptLength: 100 });
const user = (content: unknown) => ({ model, messages: [{ role: 'user', content }] });

function refusal(body: unknown): ApiError {
  try {
    parse(body);
  } catch (err) {
    if (err instanceof ApiError) return inAsyncDialect(err);
    throw err;
  }
  throw new Error('was accepted');
}

describe('the body of POST /v1/video/generations/async', () => {
  it('takes a conversation: the last user message is the prompt, its first picture the first frame', () => {
    const request = parse({
      model,
      messages: [
        { role: 'system', content: 'be nice' },
        { role: 'user', content: 'an earlier one' },
        {
          role: 'user',
          content: [
            { type: 'text', text: '让这张图动起来' },
            { type: 'image_url', image_url: { url: 'https://example.com/input.jpg', detail: 'high' } },
            { type: 'image_url', image_url: { url: 'https://example.com/other.jpg' } },
          ],
        },
        { role: 'assistant', content: null },
      ],
      video_config: { aspect_ratio: '3:2', video_length: 10, resolution_name: '720p', preset: 'fun' },
      reasoning_effort: 'low',
      callback_url: 'https://example.com/done',
    });
    expect(request).toMatchObject({
      prompt: '让这张图动起来',
      imageUrl: 'https://example.com/input.jpg',
      callbackUrl: 'https://example.com/done',
      params: { aspect_ratio: '3:2', video_length: 10, resolution: '720p', preset: 'fun' },
    });
  });

  it('takes a flat body, in which video_config wins', () => {
    const flat = {
      model,
      prompt: 'x',
      aspect_ratio: '1:1',
      resolution: '720p',
      image_url: 'https://example.com/a.png',
    };
    expect(parse(flat)).toMatchObject({ prompt: 'x', imageUrl: flat.image_url, params: { aspect_ratio: '1:1' } });
    const both = { ...flat, video_config: { aspect_ratio: '16:9', preset: null } };
    expect(parse(both).params).toEqual({ aspect_ratio: '16:9', video_length: 6, resolution: '720p', preset: 'normal' });
  });

  it.each<[string, unknown, string, string]>([
    ['no object', [], 'invalid_type', 'body'],
    ['neither messages nor prompt', { model }, 'missing_required_parameter', 'messages'],
    ['no model', { messages: [] }, 'missing_required_parameter', 'model'],
    ['messages that are no list', { model, messages: 'x' }, 'invalid_type', 'messages'],
    [
      'a message without a role',
      { model, messages: [{ content: 'x' }] },
      'missing_required_parameter',
      'messages.0.role',
    ],
    ['content of a wrong type', user(7), 'invalid_type', 'messages.0.content'],
    ['a part without its text', user([{ type: 'text' }]), 'missing_required_parameter', 'messages.0.content.0.text'],
    [
      'a length as text',
      { ...user('x'), video_config: { video_length: '6' } },
      'invalid_type',
      'video_config.video_length',
    ],
    ['a callback that is no text', { ...user('x'), callback_url: 7 }, 'invalid_type', 'callback_url'],
    ['a prompt that is no text', { model, prompt: 7 }, 'invalid_type', 'prompt'],
  ])('answers %s with 422', (_name, body, code, param) => {
    expect(refusal(body)).toMatchObject({ status: 422, code, param });
  });

  it.each<[string, unknown, string, string]>([
    ['an empty prompt', user(' '), 'empty_prompt', 'messages'],
    ['a conversation without a user', { model, messages: [] }, 'empty_prompt', 'messages'],
    ['an unknown role', { model, messages: [{ role: 'robot', content: 'x' }] }, 'invalid_value', 'messages.0.role'],
    ['an unknown kind of part', user([{ type: 'audio' }]), 'invalid_value', 'messages.0.content.0.type'],
    [
      'a bad ratio',
      { ...user('x'), video_config: { aspect_ratio: '5:4' } },
      'invalid_value',
      'video_config.aspect_ratio',
    ],
    ['a bad length', { ...user('x'), video_config: { video_length: 7 } }, 'invalid_value', 'video_config.video_length'],
    ['a long callback', { ...user('x'), callback_url: 'http://a'.padEnd(2001, 'a') }, 'invalid_value', 'callback_url'],
    ['an unknown model', { ...user('x'), model: 'nothing' }, 'model_not_found', 'model'],
    ['a model of another kind', { ...user('x'), model: 'grok-2' }, 'model_not_supported', 'model'],
  ])('answers %s with 400', (_name, body, code, param) => {
    expect(refusal(body)).toMatchObject({ status: 400, code, param });
  });
});
