import type { Report } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import type { Database } from './database.js';
import { type Effect, effectOf } from './outcomes.js';

/** Applies the outcomes of calls to the credentials and models they were made with. */
export class Reports {
  constructor(
    private readonly database: Database,
    private readonly log: Logger,
    private readonly random: () => number,
  ) {}

  /** Applies one outcome. A credential that is not known any more is logged and passed over. */
  async record(report: Report): Promise<void> {
    if (report.outcome === 'not_counted') return;
    if (report.outcome === 'ok' && !(await this.#hasStreak(report))) return;
    const effect = await this.#apply(report);
    const fields = { credential: report.credential_id, model: report.model, outcome: report.outcome };
    if (!effect) this.log.warn(fields, 'report about an unknown credential');
    else if (effect.disable) this.log.warn(fields, 'credential disabled');
    else if (effect.model?.dead) this.log.warn(fields, 'model not permitted to the credential');
    else if (effect.model?.coolForMs) this.log.info({ ...fields, cool_for_ms: effect.model.coolForMs }, 'cooling');
  }

  // By far the most reports say ok and change nothing: this look spares them the lock.
  async #hasStreak({ credential_id: credentialId, model }: Report): Promise<boolean> {
    const row = await this.database.credentialModel.findUnique({
      where: { credentialId_model: { credentialId, model } },
      select: { coolingStep: true, faults: true },
    });
    return row !== null && (row.coolingStep > 0 || row.faults > 0);
  }

  #apply(report: Report): Promise<Effect | undefined> {
    const { credential_id: credentialId, model, outcome, retry_after_ms: retryAfterMs } = report;
    return this.database.$transaction(
      async (tx) => {
        // The credential's row is the lock for its models' rows too: they may not exist yet.
        const [locked] = await tx.$queryRaw<{ now: Date }[]>`
          SELECT clock_timestamp() AS now FROM pool.credentials WHERE id = ${credentialId} FOR NO KEY UPDATE`;
        if (!locked) return undefined;
        const now = locked.now.getTime();
        const where = { credentialId_model: { credentialId, model } };
        const row = await tx.credentialModel.findUnique({ where });
        const coolingUntil = row?.coolingUntil?.getTime() ?? 0;
        const effect = effectOf(outcome, {
          cooling: coolingUntil > now,
          coolingStep: row?.coolingStep ?? 0,
          faults: row?.faults ?? 0,
          retryAfterMs,
          random: this.random,
        });

        const { dead, coolForMs, ...counts } = effect.model ?? {};
        const changes = {
          ...counts,
          ...(dead ? { state: 'dead' as const } : {}),
          // A shorter wish does not end a longer rest.
          ...(coolForMs ? { coolingUntil: new Date(Math.max(coolingUntil, now + coolForMs)) } : {}),
          ...(outcome === 'ok' ? {} : { lastError: errorText(report), lastErrorAt: locked.now }),
        };
        await tx.credentialModel.upsert({ where, create: { credentialId, model, ...changes }, update: changes });
        if (effect.disable) {
          // The first reason stays.
          const data = { enabled: false, disabledReason: effect.disable };
          await tx.credential.updateMany({ where: { id: credentialId, enabled: true }, data });
        }
        return effect;
      },
      { isolationLevel: 'ReadCommitted' },
    );
  }
}

// Postgres has no NUL in a text; a report must not fail for what the upstream wrote.
function errorText({ message, outcome }: Report): string {
  return message?.replaceAll('\0', '') || outcome;
}
