import { invalidArgument, notFound, type XaiError } from '../wire/xai-error.js';
import { findModel, type Model } from './catalogue.js';

type ModelOf<Kind extends Model['kind']> = Extract<Model, { kind: Kind }>;

const PURPOSES: Record<Model['kind'], string> = {
  language: 'chat completions',
  image: 'image generation',
  video: 'video generation',
};

/**
 * The model of an id or alias, which must be of a kind.
 * @throws XaiError 404 for an unknown model, 400 for one of another kind
 */
export function requireModel<Kind extends Model['kind']>(name: string, kind: Kind): ModelOf<Kind> {
  const model = findModel(name);
  if (!model) throw modelNotFound(name);
  if (!isOfKind(model, kind)) throw invalidArgument(`The model ${model.id} does not support ${PURPOSES[kind]}.`);
  return model;
}

/** The 404 for a model that xAI does not have. */
export function modelNotFound(model: string): XaiError {
  return notFound(`The model ${model} does not exist or your team does not have access to it.`);
}

function isOfKind<Kind extends Model['kind']>(model: Model, kind: Kind): model is ModelOf<Kind> {
  return model.kind === kind;
}
