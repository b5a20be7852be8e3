import { jsonAnswer } from '../wire/answer.js';
import type { WireRoute } from '../wire/route.js';
import { findModel, MODELS, type Model } from './catalogue.js';
import { modelNotFound } from './require-model.js';

const MODALITIES: Record<Model['kind'], { input: string[]; output: string[] }> = {
  language: { input: ['text', 'image'], output: ['text'] },
  image: { input: ['text', 'image'], output: ['image'] },
  video: { input: ['text', 'image'], output: ['video'] },
};

/** The lists of models, one for all and one for each kind, and one model by id or alias. */
export function modelRoutes(): WireRoute[] {
  return [
    {
      method: 'GET',
      template: '/v1/models',
      needsKey: true,
      handle: () => jsonAnswer({ object: 'list', data: MODELS.map(describeModel) }),
    },
    {
      method: 'GET',
      template: '/v1/models/{model}',
      needsKey: true,
      handle: ({ params }) => {
        const model = findModel(params.model ?? '');
        if (!model) throw modelNotFound(params.model ?? '');
        return jsonAnswer(describeModel(model));
      },
    },
    kindRoute('/v1/language-models', 'language'),
    kindRoute('/v1/image-generation-models', 'image'),
    kindRoute('/v1/video-generation-models', 'video'),
  ];
}

function kindRoute(template: string, kind: Model['kind']): WireRoute {
  return {
    method: 'GET',
    template,
    needsKey: true,
    handle: () => jsonAnswer({ models: MODELS.filter((model) => model.kind === kind).map(describeModelOfKind) }),
  };
}

function describeModel({ id, created, aliases }: Model) {
  return { id, created, object: 'model', owned_by: 'xai', aliases };
}

function describeModelOfKind(model: Model) {
  const { input, output } = MODALITIES[model.kind];
  return { ...describeModel(model), version: '1.0.0', input_modalities: input, output_modalities: output };
}
