import { describe, expect, it } from 'vitest';
import {
  ApiError,
  inAsyncDialect,
  ModelCatalogue,
  parseCreateImageGeneration,
  parseImageCompletion,
  parseImageEdit,
  parseImageEditFields,
  parseImageGeneration,
} from '../src/index.js';

const models = new ModelCatalogue();
const limits = { maxPromptLength: 100 };
const generation = (body: unknown) => parseImageGeneration(body, models, limits);
const editFields = (fields: unknown) => parseImageEditFields(fields, models, limits);
const edit = (body: unknown) => parseImageEdit(body, models, limits);
const asyncCreate = (body: unknown) => parseCreateImageGeneration(body, models, limits);
const chat = (body: unknown) => parseImageCompletion(body, models, limits);

function refusal(parse: () => unknown): ApiError {
  try {
    parse();
  } catch (err) {
    if (err instanceof ApiError) return err;
    throw err;
  }
  throw new Error('was accepted');
}

describe('the body of POST /images/generations', () => {
  it('has the defaults of the document', () => {
    expect(generation({ prompt: '一只在太空漂浮的猫' })).toEqual({
      model: models.find('grok-imagine-1.0'),
      prompt: '一只在太空漂浮的猫',
      params: { n: 1, aspect_ratio: '1:1', resolution: '1k', quality: 'auto', response_format: 'url' },
      stream: false,
    });
  });

  it('takes null for absent, and ignores what nobody knows', () => {
    const nulls = { model: null, n: null, size: null, quality: null, response_format: null, style: null, stream: null };
    const ignored = { background: 'transparent', moderation: 'low', output_format: 'png', partial_images: 2 };
    expect(generation({ prompt: 'x', ...nulls, user: null, ...ignored })).toEqual(generation({ prompt: 'x' }));
  });

  it('maps size, quality and style to what the model has', () => {
    const request = { prompt: 'x', size: '1792x1024', quality: 'hd', style: 'vivid', user: 'u1' };
    expect(generation(request).params).toEqual({
      n: 1,
      aspect_ratio: '16:9',
      resolution: '2k',
      quality: 'medium',
      response_format: 'url',
      user: 'u1',
    });
    expect(generation({ ...request, model: 'grok-imagine-image' }).params).not.toHaveProperty('quality');
    expect(generation({ ...request, quality: 'low', size: 'auto' }).params).toMatchObject({
      quality: 'low',
      aspect_ratio: 'auto',
    });
  });

  it('takes the model for edits too', () => {
    expect(generation({ prompt: 'x', model: 'grok-imagine-1.0-edit' }).model.upstream).toBe('grok-imagine-image-2.0');
  });

  it.each([
    [{}, 'missing_required_parameter', 'prompt'],
    [{ prompt: ' ' }, 'empty_prompt', 'prompt'],
    [{ prompt: 'x'.repeat(101) }, 'prompt_too_long', 'prompt'],
    [{ prompt: 5 }, 'invalid_type', 'prompt'],
    [{ prompt: 'x', n: 0 }, 'invalid_value', 'n'],
    [{ prompt: 'x', n: 11 }, 'invalid_value', 'n'],
    [{ prompt: 'x', n: 1.5 }, 'invalid_type', 'n'],
    [{ prompt: 'x', n: '2' }, 'invalid_type', 'n'],
    [{ prompt: 'x', size: '' }, 'invalid_size', 'size'],
    [{ prompt: 'x', size: 'big' }, 'invalid_size', 'size'],
    [{ prompt: 'x', quality: 'best' }, 'invalid_value', 'quality'],
    [{ prompt: 'x', response_format: 'png' }, 'invalid_value', 'response_format'],
    [{ prompt: 'x', stream: 'yes' }, 'invalid_type', 'stream'],
    [{ prompt: 'x', model: 'grok-2' }, 'model_not_supported', 'model'],
    [{ prompt: 'x', model: 'no-such' }, 'model_not_found', 'model'],
  ])('%j is refused as %s', (body, code, param) => {
    expect(refusal(() => generation(body))).toMatchObject({ code, param });
  });
});

describe('the fields of a multipart POST /images/edits', () => {
  it('are texts', () => {
    const fields = { prompt: '加上蓝天', n: '3', stream: 'true', response_format: 'b64_json', size: '1024x1536' };
    expect(editFields(fields)).toMatchObject({
      prompt: '加上蓝天',
      params: { n: 3, aspect_ratio: '2:3', resolution: '2k', response_format: 'b64_json' },
      stream: true,
    });
  });

  it('leave the shape to the upstream, and count as absent when empty', () => {
    const empty = { prompt: 'x', model: '', n: '', quality: '', response_format: '', style: '', stream: '', user: '' };
    expect(editFields(empty)).toEqual(editFields({ prompt: 'x', mask: '' }));
    expect(editFields(empty).params).toEqual({ n: 1, aspect_ratio: 'auto', quality: 'auto', response_format: 'url' });
    expect(editFields({ prompt: 'x', stream: '0' }).stream).toBe(false);
  });

  it.each([
    [{ n: '1' }, 'missing_required_parameter', 'prompt'],
    [{ prompt: '' }, 'empty_prompt', 'prompt'],
    [{ prompt: 'x', n: 'two' }, 'invalid_type', 'n'],
    [{ prompt: 'x', n: '0' }, 'invalid_value', 'n'],
    [{ prompt: 'x', n: '1.5' }, 'invalid_type', 'n'],
    [{ prompt: 'x', n: ['1', '2'] }, 'invalid_type', 'n'],
    [{ prompt: 'x', stream: 'perhaps' }, 'invalid_type', 'stream'],
    [{ prompt: 'x', size: '' }, 'invalid_size', 'size'],
    [{ prompt: 'x', mask: 'file' }, 'mask_not_supported', 'mask'],
  ])('%j is refused as %s', (fields, code, param) => {
    expect(refusal(() => editFields(fields))).toMatchObject({ code, param, status: 400 });
  });
});

describe('the JSON body of POST /images/edits', () => {
  const A = 'https://example.com/a.png';
  const B = 'data:image/png;base64,AAAA';

  it.each([
    [{ image: A }, [A]],
    [{ image: [A, B] }, [A, B]],
    [{ images: [{ image_url: A }, { image_url: B }] }, [A, B]],
    [{ image: { url: A } }, [A]],
    [{ images: [{ url: A }, { image_url: { url: B } }] }, [A, B]],
    [{ image: A, images: [B] }, [A, B]],
  ])('names its pictures as %j', (body, imageUrls) => {
    expect(edit({ prompt: 'x', ...body })).toMatchObject({ imageUrls, params: { aspect_ratio: 'auto' } });
  });

  it.each([
    [{ image: 5 }, 'invalid_type'],
    [{ images: [{ file_id: 'file-1' }] }, 'missing_required_parameter'],
    [{ image: A, mask: { image_url: A } }, 'mask_not_supported'],
  ])('%j is refused as %s', (body, code) => {
    expect(refusal(() => edit({ prompt: 'x', ...body }))).toMatchObject({ code, status: 400 });
  });
});

describe('the body of POST /v1/images/generations/async', () => {
  it('is that of a generation with an address for the end', () => {
    const body = { model: 'grok-imagine-1.0', prompt: 'x', n: 2, stream: true, callback_url: 'https://example.com/' };
    expect(asyncCreate(body)).toMatchObject({ params: { n: 2 }, callbackUrl: 'https://example.com/' });
    expect(asyncCreate({ model: 'grok-imagine-1.0', prompt: 'x', callback_url: '' }).callbackUrl).toBeUndefined();
  });

  it.each([
    [{ prompt: 'x' }, 422, 'missing_required_parameter'],
    [{ model: 'grok-imagine-1.0' }, 422, 'missing_required_parameter'],
    [{ model: 'grok-imagine-1.0', prompt: 'x', n: 'two' }, 422, 'invalid_type'],
    [{ model: 'grok-imagine-1.0', prompt: '' }, 400, 'empty_prompt'],
    [{ model: 'grok-imagine-1.0', prompt: 'x', n: 11 }, 400, 'invalid_value'],
    [{ model: 'grok-imagine-1.0', prompt: 'x', size: 'x' }, 400, 'invalid_size'],
    [{ model: 'no-such', prompt: 'x' }, 400, 'model_not_found'],
    [{ model: 'grok-imagine-1.0-video', prompt: 'x' }, 400, 'model_not_supported'],
  ])('%j is refused with %i %s', (body, status, code) => {
    expect(inAsyncDialect(refusal(() => asyncCreate(body)))).toMatchObject({ status, code });
  });
});

describe('a chat completion with an image model', () => {
  const say = (content: unknown) => ({ model: 'grok-imagine-1.0', messages: [{ role: 'user', content }] });
  const pictures = (count: number) =>
    Array.from({ length: count }, () => ({ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }));

  it('asks for one image', () => {
    const request = { ...say('一只猫'), n: 4, stream: true, stream_options: { include_usage: true } };
    expect(chat(request)).toMatchObject({
      image: { prompt: '一只猫', params: { n: 1, aspect_ratio: '1:1', response_format: 'url' } },
      imageUrls: [],
      stream: true,
      includeUsage: true,
    });
  });

  it('edits the pictures of the last user message', () => {
    expect(chat(say([{ type: 'text', text: '加上蓝天' }, ...pictures(2)]))).toMatchObject({
      image: { prompt: '加上蓝天', params: { aspect_ratio: 'auto' } },
      imageUrls: ['https://example.com/a.png', 'https://example.com/a.png'],
    });
  });

  it('refuses one without a prompt, and too many pictures', () => {
    expect(refusal(() => chat(say('')))).toMatchObject({ code: 'empty_prompt', param: 'messages' });
    expect(refusal(() => chat(say(pictures(1))))).toMatchObject({ code: 'empty_prompt', param: 'messages' });
    const many = [{ type: 'text', text: 'x' }, ...pictures(17)];
    expect(refusal(() => chat(say(many)))).toMatchObject({ code: 'invalid_value', param: 'messages' });
  });
});
