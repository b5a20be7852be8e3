import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ApiError,
  ASPECT_RATIOS,
  ModelCatalogue,
  parseCreateVideoTask,
  VIDEO_LENGTHS,
  VIDEO_PRESETS,
  VIDEO_RESOLUTIONS,
} from '../src/index.js';

const models = new ModelCatalogue();
const MAX = 100;
const LIMITS = { maxPromptLength: MAX };
const minimal = { model: 'grok-imagine-1.0-video', prompt: '一只海豚在海洋中跳跃' };

function refusal(body: unknown): ApiError {
  try {
    parseCreateVideoTask(body, models, LIMITS);
  } catch (err) {
    if (err instanceof ApiError) return err;
    throw err;
  }
  throw new Error('was accepted');
}

describe('the body of POST /v1/video/tasks', () => {
  it('fills in the documented defaults', () => {
    const { params, model, imageUrl } = parseCreateVideoTask(minimal, models, LIMITS);
    expect(params).toEqual({ aspect_ratio: '3:2', video_length: 6, resolution: '480p', preset: 'normal' });
    expect(model.upstream).toBe('grok-imagine-video-1.5');
    expect(imageUrl).toBeUndefined();
  });

  it('takes null for what is absent, resolution_name for resolution, and ignores unknown fields', () => {
    const body = { ...minimal, aspect_ratio: null, resolution_name: '720p', image_url: null, whatever: {} };
    expect(parseCreateVideoTask(body, models, LIMITS).params.resolution).toBe('720p');
  });

  it('takes every documented combination', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ASPECT_RATIOS),
        fc.constantFrom(...VIDEO_LENGTHS),
        fc.constantFrom(...VIDEO_RESOLUTIONS),
        fc.constantFrom(...VIDEO_PRESETS),
        (aspect_ratio, video_length, resolution, preset) => {
          const given = { aspect_ratio, video_length, resolution, preset };
          expect(parseCreateVideoTask({ ...minimal, ...given }, models, LIMITS).params).toEqual(given);
        },
      ),
    );
  });

  it.each([
    ['aspect_ratio', '5:4', '2:3, 3:2, 1:1, 9:16, 16:9'],
    ['video_length', 7, '6, 10'],
    ['resolution', '4k', '480p, 720p'],
    ['preset', 'wild', 'fun, normal, spicy, custom'],
  ])('names %s and what it may be', (param, value, allowed) => {
    const error = refusal({ ...minimal, [param]: value });
    expect(error).toMatchObject({ status: 400, param, code: 'invalid_value' });
    expect(error.message).toContain(allowed);
    expect(error.message).toContain(JSON.stringify(value));
  });

  it.each([
    [{ ...minimal, prompt: '  ' }, 400, 'empty_prompt', 'prompt'],
    [{ ...minimal, prompt: 'x'.repeat(MAX + 1) }, 400, 'prompt_too_long', 'prompt'],
    [{ ...minimal, prompt: undefined }, 400, 'missing_required_parameter', 'prompt'],
    [{ ...minimal, prompt: 7 }, 400, 'invalid_type', 'prompt'],
    [{ ...minimal, prompt: 'a\0b' }, 400, 'invalid_value', 'prompt'],
    [{ ...minimal, prompt: 'a\ud800b' }, 400, 'invalid_value', 'prompt'],
    [{ ...minimal, model: 'invalid-model' }, 404, 'model_not_found', 'model'],
    [{ ...minimal, model: 'grok-2' }, 400, 'model_not_supported', 'model'],
    [{ prompt: 'x' }, 400, 'missing_required_parameter', 'model'],
    [[], 400, 'invalid_type', 'body'],
  ])('refuses %j', (body, status, code, param) => {
    expect(refusal(body)).toMatchObject({ status, code, param });
  });

  it("uses the document's words for an unknown model and an empty prompt", () => {
    expect(refusal({ ...minimal, model: 'invalid-model' }).message).toBe(
      'The model `invalid-model` does not exist or you do not have access to it.',
    );
    expect(refusal({ ...minimal, prompt: '' }).toBody()).toEqual({
      error: {
        message: 'Prompt cannot be empty',
        type: 'invalid_request_error',
        param: 'prompt',
        code: 'empty_prompt',
      },
    });
  });

  it('never throws anything but an ApiError', () => {
    fc.assert(
      fc.property(fc.anything(), (body) => {
        expect(refusal(body)).toBeInstanceOf(ApiError);
      }),
    );
  });
});
