import type { Bus } from '@grok2api/bus';
import { clientKeysChanged, queryUsage, recordUsage } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import type { SpentBudgets } from './spent-budgets.js';
import type { UsageStore } from './usage-store.js';

/** Takes in what was used, and answers what was. */
export function serveUsage(bus: Bus, usage: UsageStore, budgets: SpentBudgets, log: Logger): void {
  bus.serve(recordUsage, async ({ batch_id, rows }) => {
    await usage.record(batch_id, rows);
    // A batch that comes again is looked at again: who took it the first time may have died before this.
    const [owners, credentialIds] = [distinct(rows, 'owner'), distinct(rows, 'credential_id')];
    const { clientKeys, credentials } = await budgets.find(owners, credentialIds);
    if (clientKeys.length > 0) bus.publish(clientKeysChanged, {});
    for (const key of clientKeys) log.warn({ client_key: key }, 'the budget of a client key is used up');
    for (const credential of credentials) log.warn({ credential }, 'the budget of a credential is used up');
    return {};
  });
  bus.serve(queryUsage, (query) => usage.query(query));
}

function distinct<Name extends string>(rows: readonly Record<Name, string>[], name: Name): string[] {
  return [...new Set(rows.map((row) => row[name]))];
}
