export { backoffMs, pause } from './backoff.js';
export { Batches, type BatchOptions } from './batches.js';
export { createLogger, type Logger, type LoggerOptions } from './logger.js';
export { type HttpMetrics, httpMetrics } from './metrics/http-metrics.js';
export {
  type Counter,
  createMetrics,
  type Gauge,
  type Histogram,
  Metrics,
  type ReadGauge,
  type Sample,
} from './metrics/metrics.js';
export { processMetrics } from './metrics/process-metrics.js';
export { Readiness } from './ops/readiness.js';
export { settingsSchema as processSettingsSchema } from './process-settings.js';
export {
  createRacePoints,
  type RaceRule,
  type ReachRacePoint,
  racePointSettings,
  refuseRacePoints,
} from './race-points.js';
export { EXIT_BAD_SETTING, runService, type ServiceContext } from './run-service.js';
export { withSettingFiles } from './setting-files.js';
export {
  booleanSetting,
  databaseUrlSetting,
  durationSetting,
  integerSetting,
  listSetting,
  natsUrlSetting,
  readSettings,
  SettingsError,
  urlSetting,
} from './settings.js';
export { Shutdown } from './shutdown.js';
export { observeCalls } from './tracing/observe-calls.js';
export {
  activeTraceparent,
  beginSpan,
  failSpan,
  inSpan,
  inTraceOf,
  keepTrace,
  linksTo,
  outOfTrace,
  traceOf,
} from './tracing/spans.js';
