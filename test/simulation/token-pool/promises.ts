import type { AcquireReply, Grant } from '@grok2api/contracts';
import { BrokenPromiseError } from '../broken-promise-error.js';
import type { Holder } from './holder.js';
import type { CredentialTruth } from './pool-database.js';
import { RULES } from './replica.js';

/**
 * What is granted can serve: the credential is enabled, no model is dead or rests, and a broken one is given to a single
 * call at a time.
 * @param truths what was true when it was granted
 * @throws BrokenPromiseError
 */
export function checkReply(reply: AcquireReply, truths: ReadonlyMap<string, CredentialTruth>): void {
  if (reply.status !== 'granted') return;
  for (const grant of reply.grants) {
    const truth = truths.get(grant.credential.id);
    if (!truth?.enabled) throw new BrokenPromiseError(`${grant.credential.id} is out of use and was granted`);
    for (const model of grant.models) checkModel(grant, model, truth);
  }
}

function checkModel(grant: Grant, model: string, truth: CredentialTruth): void {
  const facts = truth.models.get(model);
  if (!facts) return;
  const what = `${model} of ${grant.credential.id}`;
  if (facts.dead || facts.cooling) throw new BrokenPromiseError(`${what} is dead or cooling and was granted`);
  if (facts.faults < RULES.breakerFaults) return;
  const isProbe = grant.once && grant.slots === 1 && grant.models.length === 1;
  if (!isProbe || facts.probed) throw new BrokenPromiseError(`${what} is broken and was granted for more than a probe`);
}

/**
 * No more calls are made with a credential at a time than its limit; those of a holder whose grant ran out are the
 * permitted excess.
 * @throws BrokenPromiseError
 */
export function checkUse(holders: readonly Holder[], limits: ReadonlyMap<string, number>, now: number): void {
  const used = new Map<string, number>();
  for (const { grant } of holders.flatMap(({ calls }) => calls)) {
    if (now >= grant.renewedAt + grant.lifetimeMs) continue;
    const { id } = grant.credential;
    used.set(id, (used.get(id) ?? 0) + 1);
  }
  checkLimits(used, limits, 'calls at a time');
}

/** @throws BrokenPromiseError */
export function checkLimits(
  counts: ReadonlyMap<string, number>,
  limits: ReadonlyMap<string, number>,
  what: string,
): void {
  for (const [id, count] of counts) {
    const limit = limits.get(id) ?? 0;
    if (limit > 0 && count > limit) throw new BrokenPromiseError(`${count} ${what} with ${id}, which allows ${limit}`);
  }
}
