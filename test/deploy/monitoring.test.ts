import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from './support/manifests.js';
import { SERVICES } from './support/settings.js';

const MONITORING = join(ROOT, 'deploy/monitoring');
const promtool = spawnSync('promtool', ['--version']).status === 0;

const ruleSchema = z.object({
  alert: z.string(),
  expr: z.string(),
  labels: z.object({ severity: z.enum(['critical', 'warning']), service: z.string().optional() }),
  annotations: z.object({ summary: z.string(), runbook: z.string() }),
});
const rules = z
  .object({ groups: z.array(z.object({ rules: z.array(ruleSchema.loose()) })) })
  .parse(parse(readFileSync(join(MONITORING, 'prometheus/rules/grok2api.yml'), 'utf8')))
  .groups.flatMap((group) => group.rules);

const dashboardSchema = z.looseObject({
  uid: z.string(),
  title: z.string(),
  schemaVersion: z.number(),
  panels: z.array(
    z.looseObject({
      id: z.number(),
      title: z.string(),
      type: z.literal('timeseries'),
      datasource: z.object({ type: z.literal('prometheus'), uid: z.literal('prometheus') }),
      gridPos: z.object({ h: z.number(), w: z.number(), x: z.number(), y: z.number() }),
      targets: z.array(z.looseObject({ refId: z.string(), expr: z.string() })).min(1),
    }),
  ),
});
const dashboards = readdirSync(join(MONITORING, 'grafana/dashboards')).map((file) => ({
  file,
  ...dashboardSchema.parse(JSON.parse(readFileSync(join(MONITORING, 'grafana/dashboards', file), 'utf8'))),
}));

/** Names of our metrics in a query, without what histograms add to theirs. */
function metricsIn(expr: string): string[] {
  const names = expr.match(/\b(?:grok2api|nodejs|process)_\w+/g) ?? [];
  return names.map((name) => name.replace(/(?<=_seconds|_duration)_(?:bucket|sum|count)$/, ''));
}

describe('the alerts', () => {
  it('has a part of the runbook for each, and each part is one of an alert', () => {
    const runbook = readFileSync(join(ROOT, 'docs/runbook.md'), 'utf8');
    const parts = [...runbook.matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    expect(parts.sort()).toEqual([...new Set(rules.map(({ alert }) => alert))].sort());
    for (const { alert, annotations } of rules)
      expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
  });

  it('tries each of them, where it sounds and where it does not', () => {
    const tests = z
      .object({
        tests: z.array(
          z.looseObject({
            alert_rule_test: z.array(z.looseObject({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })),
          }),
        ),
      })
      .parse(parse(readFileSync(join(MONITORING, 'prometheus/tests.yml'), 'utf8')))
      .tests.flatMap(({ alert_rule_test }) => alert_rule_test);
    for (const { alert } of rules) {
      const counts = tests.filter(({ alertname }) => alertname === alert).map(({ exp_alerts }) => exp_alerts.length);
      expect([alert, counts.sort()]).toEqual([alert, [0, 1]]);
    }
  });

  it('has one that sounds for each service that the gateway expects', () => {
    const missing = rules.filter(({ alert }) => alert === 'ServiceMissing').map(({ labels }) => labels.service);
    expect(missing.sort()).toEqual(SERVICES.filter((name) => name !== 'simulator'));
  });
});

describe('the dashboards', () => {
  it('are an overview and one of each service', () => {
    expect(dashboards.map(({ file }) => file).sort()).toEqual(
      [...SERVICES, 'overview'].map((name) => `${name}.json`).sort(),
    );
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
  });
});

describe.runIf(promtool)('Prometheus', () => {
  it.each([
    ['check', 'config', 'prometheus.yml'],
    ['check', 'rules', 'rules/grok2api.yml'],
    ['test', 'rules', 'tests.yml'],
  ])('passes promtool %s %s %s', (...args) => {
    const { status, stdout, stderr } = spawnSync('promtool', args, {
      cwd: join(MONITORING, 'prometheus'),
      encoding: 'utf8',
    });
    expect([status, `${stdout}${stderr}`]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });
});

describe('a system that runs', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.start();
  });
  afterAll(() => system?.stop());

  it('shows every metric that an alert or a dashboard names', async () => {
    const ports = system.logLines({ msg: 'ops port open' }).map(({ url }) => String(url));
    expect(ports).toHaveLength(SERVICES.length);
    const shown = await Promise.all(ports.map(async (url) => (await fetch(`${url}/metrics`)).text()));
    const known = new Set([...shown.join('\n').matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
    const queries = [
      ...rules.map(({ expr }) => expr),
      ...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))),
    ];
    const named = new Set(queries.flatMap(metricsIn));
    expect(named.size).toBeGreaterThan(40);
    expect([...named].filter((name) => !known.has(name))).toEqual([]);
  });
});
