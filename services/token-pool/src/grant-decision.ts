import { abilityOf, type Candidate, freeSlots, type IsListed } from './candidate.js';
import type { StoredCredential } from './credential-rows.js';

/** What is to be taken of one credential for one grant. */
export interface Take {
  /** Of the grant. */
  id: string;
  holder: string;
  credentialId: string;
  /** Any of them would do. With `probe` a single one. */
  models: readonly string[];
  slots: number;
  /** Whether the call is the one that finds out whether the model works again. */
  probe: boolean;
  /** Whether the credential has a pace. */
  paced: boolean;
  /** The version of the credential that was chosen. */
  version: number;
}

const MS_PER_SECOND = 1_000;

/**
 * What each of several takes gets of credentials, one after the other. The rows have to be locked until that is written
 * down.
 */
export class Decision {
  readonly grants: (Take & { granted: number })[] = [];
  readonly paced: string[] = [];
  readonly probes: Take[] = [];
  readonly #credentials: ReadonlyMap<string, Candidate>;

  constructor(
    read: readonly StoredCredential[],
    private readonly now: number,
    private readonly isListed: IsListed,
  ) {
    this.#credentials = new Map(read.map((credential) => [credential.id, credential]));
  }

  decide(takes: readonly Take[]): number[] {
    return takes.map((take) => {
      const credential = this.#credentials.get(take.credentialId);
      return credential ? this.#slotsOf(credential, take) : 0;
    });
  }

  #slotsOf(credential: Candidate, take: Take): number {
    const wanted = take.probe ? 'as probe' : 'now';
    const isAble = take.models.some((model) => abilityOf(credential, model, this.now, this.isListed).able === wanted);
    if (!isAble || credential.nextCallAt > this.now) return 0;
    if (take.probe && this.probes.some((probe) => isSameProbe(probe, take))) return 0;

    const granted = Math.min(slotsAtOnce(credential, take.probe), take.slots, freeSlots(credential));
    if (granted === 0) return 0;
    if (credential.maxConcurrency > 0) {
      credential.inUse += granted;
      this.grants.push({ ...take, granted });
    }
    if (credential.requestsPerSecond > 0) {
      credential.nextCallAt = this.now + MS_PER_SECOND / credential.requestsPerSecond;
      this.paced.push(credential.id);
    }
    if (take.probe) this.probes.push(take);
    return granted;
  }
}

/** The most slots that one grant may have. A credential with a pace is asked for before each call. */
export function slotsAtOnce({ requestsPerSecond }: Candidate, probe: boolean): number {
  return probe || requestsPerSecond > 0 ? 1 : Number.POSITIVE_INFINITY;
}

function isSameProbe(a: Take, b: Take): boolean {
  return a.credentialId === b.credentialId && a.models[0] === b.models[0];
}
