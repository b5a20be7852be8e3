import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

export const ROOT = join(fileURLToPath(import.meta.url), '../../../..');

const named = z.looseObject({ name: z.string() });
const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string(),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).default([]),
  ports: z.array(z.looseObject({ name: z.string(), containerPort: z.number() })).default([]),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })).default([]),
});
const podTemplateSchema = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
  spec: z.looseObject({
    terminationGracePeriodSeconds: z.number().optional(),
    containers: z.tuple([containerSchema]),
    volumes: z
      .array(
        z.looseObject({
          name: z.string(),
          secret: z.looseObject({ items: z.array(z.object({ key: z.string(), path: z.string() })) }).optional(),
        }),
      )
      .default([]),
  }),
});
const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: named,
  spec: z.record(z.string(), z.unknown()).optional(),
});
const workloadSchema = manifestSchema.extend({ spec: z.looseObject({ template: podTemplateSchema }) });

/** Any object of Kubernetes. */
export type Manifest = z.infer<typeof manifestSchema>;
/** A Deployment or a Job: something with pods. */
export type Workload = z.infer<typeof workloadSchema>;

/** The documents of a text in YAML. @throws when it is not YAML, or no object of Kubernetes */
export function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    const [fault] = document.errors;
    if (fault) throw fault;
    return manifestSchema.parse(document.toJS());
  });
}

/** Those of a folder of `deploy/kubernetes`, without what only kustomize reads. */
export function manifestsIn(folder: string): Manifest[] {
  const path = join(ROOT, 'deploy/kubernetes', folder);
  const files = readdirSync(path).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
  return files.flatMap((name) => {
    const text = readFileSync(join(path, name), 'utf8');
    // A list of operations is a patch.
    return /^- op:/m.test(text) ? [] : manifestsOf(text);
  });
}

/** The ones among them that have pods. */
export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests
    .filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
    .map((manifest) => workloadSchema.parse(manifest));
}
