const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Of a sticky key or a credential's id. FNV-1a. */
export function keyHash(text: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash;
}

/**
 * How well a credential suits a key, in the manner of rendezvous hashing: the one with the highest score is the same
 * for every process, and stays so when others come and go. Both are given by their hashes.
 */
export function stickyScore(key: number, credential: number): number {
  // The last steps of MurmurHash3, which spread a difference in any bit over all of them.
  let mixed = Math.imul(key ^ (key >>> 16), 0x85ebca6b) ^ credential;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
