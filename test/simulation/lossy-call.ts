import { StoreUnavailableError } from '../../packages/task-store/src/database.js';

/**
 * A call to the database that may go wrong as calls over a network do: the request gets lost, or the answer does.
 * The caller cannot tell these apart.
 * @param luck 0 to 99; below 84 all is well
 * @throws StoreUnavailableError, or what the call threw
 */
export async function lossyCall<T>(luck: number, call: () => Promise<T>): Promise<T> {
  if (luck >= 92) throw new StoreUnavailableError(new Error('the request was lost'));
  const answer = await call();
  if (luck >= 84) throw new StoreUnavailableError(new Error('the answer was lost'));
  return answer;
}
