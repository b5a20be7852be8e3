/**
 * Unlike Promise.all it waits for all of the work, also when some of it fails: what the rest has begun is then known.
 * @throws what failed, the first in the list
 */
export async function settled<T extends readonly unknown[]>(
  work: readonly [...T],
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
