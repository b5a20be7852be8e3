import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScaledObject, TriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Job } from 'kubernetes-models/batch/v1';
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, PersistentVolumeClaim, Service } from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { drainSeconds, REST_SECONDS } from './support/drain.js';
import { type Manifest, manifestsIn, manifestsOf, ROOT, workloadsOf } from './support/manifests.js';
import { makeSecrets } from './support/secrets.js';
import { SERVICES, strangersTo } from './support/settings.js';

const MODELS: Record<string, new (data: never) => { validate: () => void }> = {
  ...{ Deployment, HorizontalPodAutoscaler, Job, Ingress, NetworkPolicy, PodDisruptionBudget },
  ...{ ConfigMap, PersistentVolumeClaim, Service, ScaledObject, TriggerAuthentication },
};
const OVERLAYS = ['single', 'production'];
const FOLDERS = ['base', 'components/simulator', 'overlays/production'];
const kubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

const written = FOLDERS.flatMap(manifestsIn);
const workloads = workloadsOf(written);

/** Holds an object against the schema of its kind. */
function validate(manifest: Manifest): void {
  const Model = MODELS[manifest.kind];
  if (!Model) throw new Error(`no schema for ${manifest.apiVersion} ${manifest.kind}`);
  Reflect.construct(Model, [manifest]).validate();
}

describe('the manifests', () => {
  it.each(written.map((manifest) => [manifest.kind, manifest.metadata.name, manifest]))(
    '%s %s fits the schema of its kind',
    (_kind, _name, manifest) => validate(manifest),
  );

  it('has a deployment for each service, from the image of its own target', () => {
    const dockerfile = readFileSync(join(ROOT, 'deploy/docker/Dockerfile'), 'utf8');
    const targets = [...dockerfile.matchAll(/ AS (\S+)/g)].map(([, target]) => target);
    expect(
      workloads
        .filter(({ kind }) => kind === 'Deployment')
        .map(({ metadata }) => metadata.name)
        .sort(),
    ).toEqual(SERVICES);
    for (const { metadata, spec } of workloads) {
      const [{ name, image }] = spec.template.spec.containers;
      expect([name, image]).toEqual([metadata.name, `grok2api/${metadata.name}`]);
      expect(targets).toContain(metadata.name);
      expect(spec.template.metadata.labels['app.kubernetes.io/component']).toBe(metadata.name);
    }
  });

  it('sets what each service reads, and nothing else', async () => {
    for (const { metadata, spec } of workloads) {
      const [{ env }] = spec.template.spec.containers;
      const names = env.map(({ name }) => name);
      if (SERVICES.includes(metadata.name))
        expect([metadata.name, await strangersTo(metadata.name, names)]).toEqual([metadata.name, []]);
      else expect(names).toEqual(['DATABASE_URL_FILE']);
    }
    for (const folder of ['base', 'overlays/single', 'overlays/production']) {
      const text = readFileSync(join(ROOT, 'deploy/kubernetes', folder, 'kustomization.yaml'), 'utf8');
      for (const literal of parse(text).configMapGenerator[0].literals) {
        const [name] = String(literal).split('=');
        const readers = await Promise.all(SERVICES.map((service) => strangersTo(service, [String(name)])));
        expect([name, readers.some((strangers) => strangers.length === 0)]).toEqual([name, true]);
      }
    }
  });

  it('mounts secrets that exist, and names the files that it mounts', () => {
    const made = makeSecrets();
    made.remove();
    for (const { metadata, spec } of workloads) {
      const { containers, volumes } = spec.template.spec;
      const items = volumes.flatMap(({ secret }) => secret?.items ?? []);
      for (const { key, path } of items) {
        expect(made.names).toContain(key);
        expect(path).toBe(key);
      }
      const files = containers[0].env.filter(({ name }) => name.endsWith('_FILE')).map(({ value }) => value);
      const mounted = items.map(({ path }) => `/run/secrets/grok2api/${path}`);
      expect([metadata.name, files.sort()]).toEqual([metadata.name, mounted.sort()]);
    }
  });

  it('gives each service the time that its drain takes', () => {
    for (const { metadata, spec } of workloads.filter(({ kind }) => kind === 'Deployment')) {
      const grace = spec.template.spec.terminationGracePeriodSeconds ?? 0;
      const preStop = JSON.stringify(spec.template.spec.containers[0]).match(/"sleep":\{"seconds":(\d+)/)?.[1] ?? '0';
      const needed = drainSeconds(metadata.name) + Number(preStop) + REST_SECONDS;
      expect([metadata.name, grace >= needed, `${grace} s of ${needed} s`]).toEqual([
        metadata.name,
        true,
        expect.anything(),
      ]);
    }
  });

  it('lets nobody but who calls the upstream or posts callbacks reach out', () => {
    const reachOut = workloads.filter(({ spec }) => spec.template.metadata.labels['grok2api/internet'] === 'client');
    expect(reachOut.map(({ metadata }) => metadata.name).sort()).toEqual(
      SERVICES.filter((name) => name !== 'api-gateway' && name !== 'simulator'),
    );
  });
});

// Of what only kustomize can put together.
describe.runIf(kubectl)('rendered by kubectl', () => {
  it.each(OVERLAYS)('%s renders, fits the schemas, and has the security and the probes of every pod', (overlay) => {
    const { status, stdout, stderr } = spawnSync(
      'kubectl',
      ['kustomize', join(ROOT, 'deploy/kubernetes/overlays', overlay)],
      {
        encoding: 'utf8',
      },
    );
    expect([status, stderr]).toEqual([0, '']);
    const rendered = manifestsOf(stdout);
    for (const manifest of rendered) validate(manifest);
    const deployments = workloadsOf(rendered);
    const services = overlay === 'single' ? SERVICES : SERVICES.filter((name) => name !== 'simulator');
    expect(deployments.map(({ metadata }) => metadata.name).sort()).toEqual([...services, 'migrate'].sort());
    for (const { kind, metadata, spec } of deployments) {
      expect([metadata.name, spec.template.spec]).toEqual([
        metadata.name,
        expect.objectContaining({
          automountServiceAccountToken: false,
          securityContext: expect.objectContaining({ runAsNonRoot: true, runAsUser: 1000 }),
          containers: [
            expect.objectContaining({
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              image: expect.stringMatching(/^registry\.example\/grok2api\/[\w-]+:\d/),
            }),
          ],
        }),
      ]);
      if (kind !== 'Deployment') continue;
      const probe = (path: string) => expect.objectContaining({ httpGet: { path, port: 'ops' } });
      expect(spec.template.spec.containers[0]).toMatchObject({
        startupProbe: probe('/healthz'),
        livenessProbe: probe('/healthz'),
        readinessProbe: probe('/readyz'),
        ports: expect.arrayContaining([{ name: 'ops', containerPort: 9400 }]),
      });
    }
  });
});
