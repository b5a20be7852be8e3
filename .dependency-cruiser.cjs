// Layers of the house: packages import downwards only, services never import each other, and each outside system is
// known in one place. Checked on the build's JavaScript, where only imports that run are left.
const FLOORS = [
  ['contracts', 'service-kit', 'safe-fetch', 'media-store', 'prisma-migrate'],
  ['bus', 'task-store', 'grok-upstream', 'pictures', 'console'],
  ['credential-client', 'model-sync', 'task-engine', 'usage-client'],
  ['launcher'],
  ['testkit'],
];
const pathOf = (names) => `^packages/(${names.join('|')})/`;

const downwardsOnly = FLOORS.slice(0, -1).map((names, floor) => ({
  name: `floor-${floor}-imports-downwards-only`,
  severity: 'error',
  from: { path: pathOf(names) },
  to: { path: [pathOf(FLOORS.slice(floor + 1).flat()), '^services/'] },
}));

const onlyIn = (library, places) => ({
  name: `only-${places.join('-')}-knows-${library}`,
  severity: 'error',
  from: { pathNot: `^(${places.join('|')})/` },
  to: { path: `/node_modules/(${library})/` },
});

module.exports = {
  forbidden: [
    ...downwardsOnly,
    {
      name: 'services-never-import-each-other',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    onlyIn('nats', ['packages/bus']),
    onlyIn('@prisma|prisma|pg', ['packages/task-store', 'packages/prisma-migrate', 'services/token-pool']),
    onlyIn('undici', ['packages/grok-upstream', 'packages/safe-fetch']),
    onlyIn('@aws-sdk|@smithy', ['packages/media-store']),
    onlyIn('express|multer', ['services/api-gateway', 'services/simulator']),
    onlyIn('sharp', ['packages/pictures']),
    onlyIn('react|react-dom|@mantine|@tanstack', ['packages/console']),
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-missing-modules', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    includeOnly: '^(packages|services)/|node_modules',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/generated/|/dist/site/' },
    moduleSystems: ['es6'],
  },
};
