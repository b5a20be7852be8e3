import type { Credential, ModelKind } from '@grok2api/contracts';
import { z } from 'zod';
import type { CallOptions, UpstreamModel } from '../grok-upstream.js';
import type { XaiClient } from './client.js';
import { isSuccess } from './faults.js';
import { lenient, lenientList } from './lenient.js';
import { refusalOf } from './refusal.js';

// The list of all models does not tell their kinds.
const LISTS: readonly (readonly [kind: ModelKind, path: string])[] = [
  ['chat', '/language-models'],
  ['image', '/image-generation-models'],
  ['video', '/video-generation-models'],
];

const modelSchema = z.object({
  id: z.string().min(1),
  aliases: lenientList(z.string()).catch([]),
  created: lenient(z.int().nonnegative()),
});
const listSchema = z.object({ models: lenientList(modelSchema) });

/** The three lists of models by kind, one after the other. @throws UpstreamError when one of them is not to be had */
export async function listModels(
  client: XaiClient,
  credential: Credential,
  options: CallOptions,
): Promise<UpstreamModel[]> {
  const models: UpstreamModel[] = [];
  for (const [kind, path] of LISTS) {
    const answer = await client.call(credential, { kind: 'read', method: 'GET', path }, options);
    const list = listSchema.safeParse(answer.json);
    if (!isSuccess(answer.status) || !list.success) throw refusalOf('read', answer, credential);
    models.push(...list.data.models.map((model) => ({ kind, ...model })));
  }
  return models;
}
