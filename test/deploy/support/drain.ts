import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './manifests.js';

/** Where the longest step of each service's stop is written down, in milliseconds. */
const DRAINS: Record<string, readonly [file: string, pattern: RegExp][]> = {
  'api-gateway': [
    ['services/api-gateway/src/main.ts', /RELAY_GRACE_MS = ([\d_]+)/],
    ['services/api-gateway/src/main.ts', /REQUEST_GRACE_MS = ([\d_]+)/],
  ],
  chat: [['services/chat/src/main.ts', /STOP_GRACE_MS = ([\d_]+)/]],
  image: [['services/image/src/settings.ts', /IMAGE_TIMEOUT_MS:[^']*'(\d+)'/]],
  'callback-dispatcher': [['services/callback-dispatcher/src/settings.ts', /CALLBACK_TIMEOUT_MS:[^']*'(\d+)'/]],
};

/** How long a service may take to stop because of work in hand, in seconds; 0 for those that hand it over. */
export function drainSeconds(service: string): number {
  const steps = DRAINS[service] ?? [];
  const ms = steps.map(([file, pattern]) => {
    const [, digits] = pattern.exec(readFileSync(join(ROOT, file), 'utf8')) ?? [];
    if (digits === undefined) throw new Error(`${file} does not say how long ${service} takes to stop`);
    return Number(digits.replaceAll('_', ''));
  });
  return ms.reduce((sum, each) => sum + each, 0) / 1000;
}

/** What closing connections and the rest takes besides. */
export const REST_SECONDS = 10;
