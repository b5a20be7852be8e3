// Writes the table of settings in README.md and .env.example from the schemas that read the settings.
// With --check it writes nothing and fails when they are out of date.
import { join } from 'node:path';
import { generate, present } from './generated.mjs';
import { root } from './setup.mjs';

const SOURCES = [
  ['every service', 'packages/service-kit/dist/process-settings.js'],
  ['launcher', 'packages/launcher/dist/launch-settings.js'],
  ['api-gateway', 'services/api-gateway/dist/settings.js'],
  ['chat', 'services/chat/dist/settings.js'],
  ['image', 'services/image/dist/settings.js'],
  ['video-worker', 'services/video-worker/dist/settings.js'],
  ['token-pool', 'services/token-pool/dist/settings.js'],
  ['callback-dispatcher', 'services/callback-dispatcher/dist/settings.js'],
  ['simulator', 'services/simulator/dist/settings.js'],
];
/** Given to the services by the launcher; only who runs them alone sets these. */
const SERVICE_ONLY = new Set(['MEDIA_DIR', 'EXPECTED_SERVICES', 'INSTANCE', 'OPS_PORT']);
const BEGIN = '<!-- settings: written by scripts/settings-table.mjs -->';
const END = '<!-- end of settings -->';

const settings = new Map();
for (const [reader, module] of SOURCES) {
  const { settingsSchema } = await import(join(root, module));
  for (const [name, schema] of Object.entries(settingsSchema.shape)) {
    const known = settings.get(name);
    if (known) known.readers.push(reader);
    else settings.set(name, { readers: [reader], description: schema.description, standard: standardOf(schema) });
  }
}
const rows = [...settings].sort(([a], [b]) => a.localeCompare(b));
const undescribed = rows.filter(([, { description }]) => !description).map(([name]) => name);
if (undescribed.length > 0) throw new Error(`settings without a description: ${undescribed.join(', ')}`);

const table = [
  '| setting | default | read by | what it is |',
  '|---|---|---|---|',
  ...rows.map(([name, { readers, description, standard }]) => {
    const shown = standard ? `\`${standard}\`` : '–';
    return `| \`${name}\` | ${shown} | ${readers.join(', ')} | ${description} |`;
  }),
].join('\n');
const example = [
  '# Settings of `npm start`, all optional. Copy this file to .env and remove the # where a line is to count.',
  ...rows
    .filter(([name]) => !SERVICE_ONLY.has(name))
    .flatMap(([name, { description, standard }]) => ['', `# ${description}`, `#${name}=${quoted(standard ?? '')}`]),
  '',
].join('\n');

const [before, rest] = present('README.md').split(BEGIN);
const after = rest?.split(END)[1];
if (after === undefined) throw new Error('README.md has lost the marks around its settings');
const wanted = { 'README.md': `${before}${BEGIN}\n${table}\n${END}${after}`, '.env.example': example };

for (const [file, text] of Object.entries(wanted)) generate(file, text);

/** What a setting is when nobody sets it, as one would write it. */
function standardOf(schema) {
  return schema.def.type === 'prefault' ? schema.def.defaultValue : undefined;
}

function quoted(value) {
  return /[\s#'"]/.test(value) ? JSON.stringify(value) : value;
}
