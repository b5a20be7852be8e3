import { readFile } from 'node:fs/promises';
import { type Model, modelSchema } from '@grok2api/contracts';
import { SettingsError } from '@grok2api/service-kit';
import { z } from 'zod';

const fileSchema = z.array(modelSchema).superRefine((models, context) => {
  for (const [index, { id }] of models.entries()) {
    if (models.findIndex((model) => model.id === id) === index) continue;
    context.addIssue({ code: 'custom', path: [index, 'id'], message: `${id} is there twice` });
  }
});

/**
 * Reads the models that the operator adds or changes: a JSON array of models as the catalogue has them.
 * @throws SettingsError listing every fault of the file
 */
export async function readModelsFile(path: string): Promise<Model[]> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (err) {
    throw new SettingsError([`MODELS_FILE: ${err instanceof Error ? err.message : String(err)}`]);
  }
  const models = fileSchema.safeParse(content);
  if (models.success) return models.data;
  throw new SettingsError(
    models.error.issues.map(({ path: place, message }) => `MODELS_FILE: ${place.join('.') || 'the whole'}: ${message}`),
  );
}

/** Some models with others in the place of those of the same id, or added. */
export function withModels(models: readonly Model[], others: readonly Model[]): Model[] {
  return [...new Map([...models, ...others].map((model) => [model.id, model])).values()];
}
