// Writes the dashboards of deploy/monitoring/grafana/dashboards: an overview, and one for each service.
// With --check it writes nothing and fails when one is out of date.
import { generate } from './generated.mjs';

const FOLDER = 'deploy/monitoring/grafana/dashboards';
const [WIDTH, HEIGHT, COLUMNS] = [8, 8, 24];

/** A chart: its title, its unit as Grafana names it, and queries, each with what a line is called. */
const chart = (title, unit, ...queries) => ({ title, unit, queries });
/** Of a counter, a second. */
const rate = (series) => `rate(${series}[$__rate_interval])`;
const increase = (series) => `increase(${series}[$__rate_interval])`;
const sum = (by, expression) => `sum by (${by}) (${expression})`;
const quantile = (q, histogram, matchers, by) =>
  `histogram_quantile(${q}, sum by (le, ${by}) (rate(${histogram}_bucket{${matchers}}[$__rate_interval])))`;

/** Of every service. */
const ofProcess = (service) => {
  const its = `{service="${service}"}`;
  return [
    chart(
      'Ready',
      'none',
      [`grok2api_ready${its}`, '{{instance}}'],
      [`grok2api_bus_connected${its}`, '{{instance}} NATS'],
    ),
    chart('Lines logged', 'short', [sum('level', rate(`grok2api_log_lines_total${its}`)), '{{level}}']),
    chart('CPU', 'percentunit', [rate(`process_cpu_seconds_total${its}`), '{{instance}}']),
    chart('Memory', 'bytes', [`process_resident_memory_bytes${its}`, '{{instance}}']),
    chart('Event loop lag, 99th percentile', 's', [`nodejs_eventloop_lag_p99_seconds${its}`, '{{instance}}']),
    chart('Garbage collection', 'percentunit', [
      sum('instance, kind', rate(`nodejs_gc_duration_seconds_sum${its}`)),
      '{{instance}} {{kind}}',
    ]),
  ];
};
const served = (service) => [
  chart('Requests on the bus, answered', 'reqps', [
    sum('subject, outcome', rate(`grok2api_bus_served_seconds_count{service="${service}"}`)),
    '{{subject}} {{outcome}}',
  ]),
  chart('Their times, 95th percentile', 's', [
    quantile(0.95, 'grok2api_bus_served_seconds', `service="${service}"`, 'subject'),
    '{{subject}}',
  ]),
  chart('Being answered', 'short', [sum('subject', `grok2api_bus_serving{service="${service}"}`), '{{subject}}']),
];
const upstream = (service) => [
  chart('Calls of the upstream', 'reqps', [
    sum('operation, outcome', rate(`grok2api_upstream_call_seconds_count{service="${service}"}`)),
    '{{operation}} {{outcome}}',
  ]),
  chart('Their times, 95th percentile', 's', [
    quantile(0.95, 'grok2api_upstream_call_seconds', `service="${service}"`, 'operation'),
    '{{operation}}',
  ]),
  chart('Calls under way', 'short', [
    sum('operation', `grok2api_upstream_in_flight{service="${service}"}`),
    '{{operation}}',
  ]),
];
const credentials = (service) => [
  chart('Waiting for a credential, 95th percentile', 's', [
    quantile(0.95, 'grok2api_credential_wait_seconds', `service="${service}"`, 'outcome'),
    '{{outcome}}',
  ]),
  chart('Slots held', 'short', [sum('state', `grok2api_credential_slots{service="${service}"}`), '{{state}}']),
];
const media = (service) => [
  chart('Media', 'Bps', [sum('direction', rate(`grok2api_media_bytes_total{service="${service}"}`)), '{{direction}}']),
  chart('Media store, 95th percentile', 's', [
    quantile(0.95, 'grok2api_media_seconds', `service="${service}"`, 'operation'),
    '{{operation}}',
  ]),
];
const database = (service) => [
  chart('Task database', 'reqps', [
    sum('operation, outcome', rate(`grok2api_task_store_seconds_count{service="${service}"}`)),
    '{{operation}} {{outcome}}',
  ]),
  chart('Its times, 95th percentile', 's', [
    quantile(0.95, 'grok2api_task_store_seconds', `service="${service}"`, 'operation'),
    '{{operation}}',
  ]),
];
const tasks = (service, kind) => [
  chart(
    'Queue',
    'short',
    [`max by (state) (grok2api_queue_open{kind="${kind}"})`, '{{state}}'],
    [`max(grok2api_queue_waiting{kind="${kind}"})`, 'waiting'],
  ),
  chart('Oldest that waits', 's', [`max(grok2api_queue_oldest_seconds{kind="${kind}"})`, 'oldest']),
  chart(
    'Slots',
    'short',
    [`sum(grok2api_worker_slots{kind="${kind}"})`, 'all'],
    [`sum(grok2api_worker_slots_busy{kind="${kind}"})`, 'busy'],
  ),
  chart('Ends', 'short', [
    sum('state, reason', increase(`grok2api_task_ends_total{kind="${kind}"}`)),
    '{{state}} {{reason}}',
  ]),
  chart(
    'Claims',
    'short',
    [sum('how', increase(`grok2api_task_claims_total{kind="${kind}"}`)), '{{how}}'],
    [`sum(${increase(`grok2api_task_hand_backs_total{kind="${kind}"}`)})`, 'handed back'],
    [sum('reason', increase(`grok2api_tasks_left_total{kind="${kind}"}`)), 'left: {{reason}}'],
  ),
  chart('Time in each state, 95th percentile', 's', [
    quantile(0.95, 'grok2api_task_state_seconds', `kind="${kind}"`, 'state'),
    '{{state}}',
  ]),
  chart(
    'Reconciles, and wake-ups that were missing',
    'short',
    [`sum by (instance) (grok2api_reconciler_leader{service="${service}"})`, '{{instance}}'],
    [`sum(${increase(`grok2api_missing_wake_ups_total{kind="${kind}"}`)})`, 'missing wake-ups'],
  ),
];
const http = (service) => [
  chart('Requests', 'reqps', [sum('status', rate(`grok2api_http_requests_total{service="${service}"}`)), '{{status}}']),
  chart('Requests by route', 'reqps', [
    sum('method, route', rate(`grok2api_http_requests_total{service="${service}"}`)),
    '{{method}} {{route}}',
  ]),
  chart('Times by route, 95th percentile', 's', [
    quantile(0.95, 'grok2api_http_request_seconds', `service="${service}"`, 'route'),
    '{{route}}',
  ]),
  chart('Requests being answered', 'short', [`grok2api_http_in_flight{service="${service}"}`, '{{instance}}']),
];

const DASHBOARDS = {
  overview: [
    chart('Requests', 'reqps', [
      sum('status', rate('grok2api_http_requests_total{service="api-gateway"}')),
      '{{status}}',
    ]),
    chart('Requests that fail', 'percentunit', [
      `sum(${rate('grok2api_http_requests_total{service="api-gateway",status=~"5.."}')}) / sum(${rate('grok2api_http_requests_total{service="api-gateway"}')})`,
      '5xx',
    ]),
    chart('First output of chats, 95th percentile', 's', [
      quantile(0.95, 'grok2api_chat_first_output_seconds', '', 'streamed'),
      'streamed: {{streamed}}',
    ]),
    chart('Open tasks', 'short', ['max by (kind, state) (grok2api_queue_open)', '{{kind}} {{state}}']),
    chart('Oldest task that waits', 's', ['max by (kind) (grok2api_queue_oldest_seconds)', '{{kind}}']),
    chart('Ends of tasks', 'short', [sum('kind, state', increase('grok2api_task_ends_total')), '{{kind}} {{state}}']),
    chart('Slots of workers', 'percentunit', [
      'sum by (kind) (grok2api_worker_slots_busy) / sum by (kind) (grok2api_worker_slots)',
      '{{kind}} busy',
    ]),
    chart('Claims taken over', 'short', [
      sum('kind', increase('grok2api_task_claims_total{how="taken_over"}')),
      '{{kind}}',
    ]),
    chart('Credentials', 'short', ['max by (state) (grok2api_credentials)', '{{state}}']),
    chart('Calls of the upstream', 'reqps', [
      sum('outcome', rate('grok2api_upstream_call_seconds_count')),
      '{{outcome}}',
    ]),
    chart('Callbacks', 'short', ['max by (state) (grok2api_callbacks_pending)', '{{state}}']),
    chart('Oldest callback that is due', 's', ['max(grok2api_callbacks_oldest_due_seconds)', 'oldest']),
    chart('Free where media lie', 'percentunit', [
      'min by (service) (grok2api_media_disk_free_bytes / grok2api_media_disk_size_bytes)',
      '{{service}}',
    ]),
    chart('Processes', 'short', ['sum by (service) (grok2api_ready)', '{{service}}']),
    chart('Event loop lag, 99th percentile', 's', [
      'max by (service) (nodejs_eventloop_lag_p99_seconds)',
      '{{service}}',
    ]),
  ],
  'api-gateway': [
    ...http('api-gateway'),
    chart('Requests on the bus, sent', 'reqps', [
      sum('subject, outcome', rate('grok2api_bus_called_seconds_count{service="api-gateway"}')),
      '{{subject}} {{outcome}}',
    ]),
    chart('Readers of streams', 'short', ['grok2api_sse_readers', '{{instance}}']),
    chart(
      'Slow readers',
      'short',
      [`sum(${increase('grok2api_sse_skipped_events_total')})`, 'events skipped'],
      [`sum(${increase('grok2api_sse_dropped_readers_total')})`, 'cut'],
    ),
    chart('Tasks accepted', 'short', [
      sum('kind', increase('grok2api_tasks_created_total{service="api-gateway"}')),
      '{{kind}}',
    ]),
    ...media('api-gateway'),
    chart('Cache of media in S3', 'short', [
      sum('result', rate('grok2api_media_cache_total{service="api-gateway"}')),
      '{{result}}',
    ]),
    ...database('api-gateway'),
    ...ofProcess('api-gateway'),
  ],
  chat: [
    ...served('chat'),
    chart('First output, 95th percentile', 's', [
      quantile(0.95, 'grok2api_chat_first_output_seconds', '', 'streamed'),
      'streamed: {{streamed}}',
    ]),
    chart('Tokens', 'short', [sum('type', rate('grok2api_chat_tokens_total')), '{{type}}']),
    chart('Streams that ended', 'short', [
      sum('outcome', rate('grok2api_upstream_streams_total{service="chat"}')),
      '{{outcome}}',
    ]),
    ...upstream('chat'),
    ...credentials('chat'),
    ...ofProcess('chat'),
  ],
  image: [
    ...served('image'),
    chart('Images', 'short', [sum('result', rate('grok2api_images_total')), '{{result}}']),
    ...tasks('image', 'image'),
    ...upstream('image'),
    ...credentials('image'),
    ...media('image'),
    ...database('image'),
    ...ofProcess('image'),
  ],
  'video-worker': [
    ...tasks('video-worker', 'video'),
    ...upstream('video-worker'),
    ...credentials('video-worker'),
    ...media('video-worker'),
    ...database('video-worker'),
    ...ofProcess('video-worker'),
  ],
  'token-pool': [
    chart('Credentials', 'short', ['max by (state) (grok2api_credentials)', '{{state}}']),
    chart('Models with a credential', 'short', [
      'max by (model, state) (grok2api_credential_models{state!="ready"})',
      '{{model}} {{state}}',
    ]),
    chart('Slots of credentials', 'short', ['max by (state) (grok2api_pool_slots)', '{{state}}']),
    chart('Grants', 'reqps', [sum('result', rate('grok2api_grants_total')), '{{result}}']),
    chart('Slots granted', 'short', [`sum(${rate('grok2api_granted_slots_total')})`, 'slots a second']),
    chart('How calls ended', 'reqps', [sum('outcome', rate('grok2api_credential_outcomes_total')), '{{outcome}}']),
    ...served('token-pool'),
    chart('Its tables, 95th percentile', 's', [
      quantile(0.95, 'grok2api_pool_store_seconds', '', 'operation'),
      '{{operation}}',
    ]),
    ...upstream('token-pool'),
    ...ofProcess('token-pool'),
  ],
  'callback-dispatcher': [
    chart(
      'Pending',
      'short',
      ['max by (state) (grok2api_callbacks_pending)', '{{state}}'],
      ['sum(grok2api_callbacks_in_hand)', 'in hand'],
    ),
    chart('Oldest that is due', 's', ['max(grok2api_callbacks_oldest_due_seconds)', 'oldest']),
    chart('Attempts', 'reqps', [sum('result', rate('grok2api_callback_attempt_seconds_count')), '{{result}}']),
    chart('Their times, 95th percentile', 's', [
      quantile(0.95, 'grok2api_callback_attempt_seconds', '', 'result'),
      '{{result}}',
    ]),
    chart('Hosts that are left alone', 'short', ['grok2api_callback_hosts_resting', '{{instance}}']),
    ...database('callback-dispatcher'),
    ...ofProcess('callback-dispatcher'),
  ],
  simulator: [...http('simulator'), ...ofProcess('simulator')],
};

function dashboard(name, charts) {
  const panels = charts.map(({ title, unit, queries }, index) => ({
    id: index + 1,
    type: 'timeseries',
    title,
    datasource: { type: 'prometheus', uid: 'prometheus' },
    gridPos: {
      h: HEIGHT,
      w: WIDTH,
      x: (index * WIDTH) % COLUMNS,
      y: Math.floor((index * WIDTH) / COLUMNS) * HEIGHT,
    },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: queries.map(([expr, legendFormat], query) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + query),
      datasource: { type: 'prometheus', uid: 'prometheus' },
      expr,
      legendFormat,
    })),
  }));
  return {
    uid: `grok2api-${name}`,
    title: `Grok2API: ${name}`,
    tags: ['grok2api'],
    schemaVersion: 39,
    editable: false,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    links: [{ type: 'dashboards', tags: ['grok2api'], asDropdown: true, title: 'Services' }],
    panels,
  };
}

for (const [name, charts] of Object.entries(DASHBOARDS)) {
  generate(`${FOLDER}/${name}.json`, `${JSON.stringify(dashboard(name, charts), null, 1)}\n`);
}
