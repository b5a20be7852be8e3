import type { RecordedEvent, Violation } from '../events.js';
import { checkCallbacks } from './callbacks.js';
import { checkGrants } from './grants.js';
import { checkReaders } from './readers.js';
import { checkTasks } from './tasks.js';
import { checkUpstream } from './upstream.js';
import { checkWorkers } from './workers.js';

/**
 * What of a record, taken until every accepted task had ended and its callback had come, must not be.
 * @param credentialLimit slots of each credential; 0 when there is no limit
 */
export function violationsIn(record: readonly RecordedEvent[], credentialLimit = 0): Violation[] {
  return [
    ...checkTasks(record),
    ...checkUpstream(record),
    ...checkReaders(record),
    ...checkCallbacks(record),
    ...checkWorkers(record),
    ...checkGrants(record, credentialLimit),
  ];
}
