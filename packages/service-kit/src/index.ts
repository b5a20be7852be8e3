export { backoffMs, pause } from './backoff.js';
export { createLogger, type Logger, type LoggerOptions } from './logger.js';
export { createMetrics, type Metrics } from './metrics.js';
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
