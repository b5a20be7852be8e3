export { type UsageEntry, UsageReporter, type UsageReporterOptions } from './usage-reporter.js';
