import type { Report } from '@grok2api/contracts';
import { Batches, type Logger } from '@grok2api/service-kit';
import type { Database } from './database.js';
import { type Effect, effectOf, type RestRules } from './outcomes.js';

export interface ReportsOptions {
  database: Database;
  rules: RestRules;
  log: Logger;
  /** From 0 to 1, without 1. */
  random: () => number;
  /** Called with the ids of the credentials that were written to, once that is committed. */
  changed: (credentialIds: readonly string[]) => Promise<void>;
}

type Transaction = Parameters<Parameters<Database['$transaction']>[0]>[0];
type Applied = { effect: Effect; written: boolean } | 'unknown credential';

const MAX_BATCH = 50;

/** Applies the outcomes of calls to the credentials and models they were made with. */
export class Reports {
  readonly #options: ReportsOptions;
  readonly #batches: Batches<Report, true>;

  constructor(options: ReportsOptions) {
    this.#options = options;
    this.#batches = new Batches((reports) => this.#recordAll(reports), { maxSize: MAX_BATCH });
  }

  /** Applies one outcome. A credential that is not known any more is logged and passed over. */
  async record(report: Report): Promise<void> {
    await this.#batches.add(report);
  }

  async #recordAll(reports: readonly Report[]): Promise<true[]> {
    const { database, changed } = this.#options;
    const applied = await database.$transaction(
      async (tx) => {
        const ids = [...new Set(reports.map(({ credential_id: id }) => id))];
        // A credential's row is the lock for its models' rows too: they may not exist yet.
        const locked = await tx.$queryRaw<{ id: string; now: Date }[]>`
          SELECT id, clock_timestamp() AS now FROM pool.credentials
          WHERE id = ANY(${ids}) ORDER BY id FOR NO KEY UPDATE`;
        const times = new Map(locked.map(({ id, now }) => [id, now.getTime()]));
        const results: Applied[] = [];
        for (const report of reports) {
          const now = times.get(report.credential_id);
          results.push(now === undefined ? 'unknown credential' : await this.#apply(tx, report, now));
        }
        return results;
      },
      { isolationLevel: 'ReadCommitted' },
    );
    const written = reports.filter((_, index) => isWritten(applied[index]));
    for (const [index, report] of reports.entries()) this.#tell(report, applied[index]);
    if (written.length > 0) await changed([...new Set(written.map(({ credential_id: id }) => id))]);
    return reports.map(() => true);
  }

  async #apply(tx: Transaction, report: Report, now: number): Promise<Applied> {
    const { credential_id: credentialId, model, outcome, retry_after_ms: retryAfterMs } = report;
    const where = { credentialId_model: { credentialId, model } };
    const row = await tx.credentialModel.findUnique({ where });
    const coolingUntil = row?.coolingUntil?.getTime() ?? 0;
    const situation = {
      cooling: coolingUntil > now,
      coolingStep: row?.coolingStep ?? 0,
      faults: row?.faults ?? 0,
      retryAfterMs,
      random: this.#options.random,
    };
    const effect = effectOf(outcome, situation, this.#options.rules);
    // By far the most successes have nothing to clear.
    const clears = situation.coolingStep > 0 || situation.faults > 0 || row?.probeUntil;
    if ((outcome === 'ok' || outcome === 'not_counted') && !clears) return { effect, written: false };

    const { dead, coolForMs, ...counts } = effect.model ?? {};
    const isBad = outcome !== 'ok' && outcome !== 'not_counted';
    const changes = {
      ...counts,
      probeUntil: null,
      ...(dead ? { state: 'dead' as const } : {}),
      // A shorter wish does not end a longer rest.
      ...(coolForMs ? { coolingUntil: new Date(Math.max(coolingUntil, now + coolForMs)) } : {}),
      ...(isBad ? { lastError: errorText(report), lastErrorAt: new Date(now) } : {}),
    };
    await tx.credentialModel.upsert({ where, create: { credentialId, model, ...changes }, update: changes });
    if (effect.disable) {
      // The first reason stays.
      const data = { enabled: false, disabledReason: effect.disable, disabledMessage: errorText(report) };
      await tx.credential.updateMany({ where: { id: credentialId, enabled: true }, data });
    }
    return { effect, written: true };
  }

  #tell({ credential_id: credential, model, outcome }: Report, applied: Applied | undefined): void {
    const { log } = this.#options;
    const fields = { credential, model, outcome };
    if (applied === undefined) return;
    if (applied === 'unknown credential') log.warn(fields, 'report about an unknown credential');
    else if (applied.effect.disable) log.warn(fields, 'credential disabled');
    else if (applied.effect.model?.dead) log.warn(fields, 'model not permitted to the credential');
    else if (applied.effect.model?.coolForMs) {
      log.info({ ...fields, cool_for_ms: applied.effect.model.coolForMs }, 'cooling');
    }
  }
}

function isWritten(applied: Applied | undefined): boolean {
  return applied !== undefined && applied !== 'unknown credential' && applied.written;
}

// Postgres has no NUL in a text; a report must not fail for what the upstream wrote.
function errorText({ message, outcome }: Report): string {
  return message?.replaceAll('\0', '') || outcome;
}
