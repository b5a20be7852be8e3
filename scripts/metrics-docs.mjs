// Writes docs/metrics.md from the registries that the services make.
// With --check it writes nothing and fails when the file is out of date.
import { join } from 'node:path';
import { generate } from './generated.mjs';
import { root } from './setup.mjs';

const SERVICES = ['api-gateway', 'chat', 'image', 'video-worker', 'token-pool', 'callback-dispatcher', 'simulator'];
const { createMetrics, processMetrics } = await import(join(root, 'packages/service-kit/dist/index.js'));

/** By name: what it is, and which services show it. */
const metrics = new Map();
for (const service of SERVICES) {
  const { serviceMetrics, publicMetrics } = await import(join(root, `services/${service}/dist/metrics.js`));
  const registry = createMetrics(service);
  processMetrics(registry);
  serviceMetrics(registry);
  publicMetrics?.(registry);
  for (const { name, help, type, labelNames } of registry.registry.getMetricsAsArray()) {
    const known = metrics.get(name);
    if (known) known.services.push(service);
    else metrics.set(name, { name, help, type, labelNames, services: [service] });
  }
}

const isOwn = ({ name }) => name.startsWith('grok2api_');
const all = [...metrics.values()].sort((a, b) => a.name.localeCompare(b.name));
const row = ({ name, help, type, labelNames, services }) => {
  const labels = labelNames.map((label) => `\`${label}\``).join(', ') || '–';
  const shownBy = services.length === SERVICES.length ? 'all' : services.join(', ');
  return `| \`${name}\` | ${type} | ${labels} | ${shownBy} | ${help.replaceAll('|', '\\|')} |`;
};
const HEAD = '| metric | type | labels | services | what it is |\n|---|---|---|---|---|';
const text = `# Metrics

Written by \`node scripts/metrics-docs.mjs\`.

Each process shows its metrics at \`/metrics\` of its ops port, in Prometheus' text format. Each has the label \`service\`
besides those below. Labels have few values each: a route or a subject is a template, with \`{id}\` or \`*\` for what varies;
an outcome or reason is a word of the code. No label has an id, an owner's name or a key. Histograms have
\`_bucket\`, \`_sum\` and \`_count\`.

The metrics of the queue and of the backlog of callbacks are about the whole system. One process counts for all, every few
seconds, and it alone shows them. Those of the credentials are shown by every token pool, from memory: take the maximum, not the
sum. \`grok2api_tasks\` and \`grok2api_tasks_given_up\` are counted in the database when somebody asks \`GET /metrics\` of the HTTP API,
at most every ten seconds, and are not on the ops port.

${[HEAD, ...all.filter(isOwn).map(row)].join('\n')}

## Of Node and the operating system

${[HEAD, ...all.filter((metric) => !isOwn(metric)).map(row)].join('\n')}
`;

generate('docs/metrics.md', text);
