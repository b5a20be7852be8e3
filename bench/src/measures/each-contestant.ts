import { startChild } from '../contestants/child.js';
import { type Contestant, requestHeaders, startContestants } from '../contestants/contestants.js';

/** Something of each contestant. */
export type ByContestant<Value> = Record<Contestant['name'], Value>;

/** Runs all contestants on one upstream for as long as a measure takes. */
export async function withContestants<Result>(
  measure: (all: readonly Contestant[], headers: Record<string, string>) => Promise<Result>,
): Promise<Result> {
  const mock = await startChild('mock-main.js', {});
  try {
    const contestants = await startContestants(mock);
    try {
      return await measure(contestants.all, requestHeaders(mock.address));
    } finally {
      await contestants.stop();
    }
  } finally {
    await mock.stop();
  }
}

/** Measures each in each round; the rounds are interleaved, so that all have the same good and bad times. */
export async function eachContestant<Result>(
  all: readonly Contestant[],
  rounds: number,
  measure: (contestant: Contestant) => Promise<Result>,
  log: (line: string) => void,
): Promise<ByContestant<Result[]>> {
  const results: ByContestant<Result[]> = { upstream: [], relay: [], bus: [], portkey: [], grok2api: [] };
  for (let round = 1; round <= rounds; round++) {
    for (const contestant of all) {
      const result = await measure(contestant);
      results[contestant.name].push(result);
      log(`  round ${round} ${contestant.name} ${JSON.stringify(result)}`);
    }
  }
  return results;
}
