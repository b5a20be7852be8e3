const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * How well a credential suits a key, in the manner of rendezvous hashing: the one with the highest score is the same
 * for every process, and stays so when others come and go.
 */
export function stickyScore(key: string, credentialId: string): number {
  return mix(fnv1a(credentialId, fnv1a(key, FNV_OFFSET)));
}

function fnv1a(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash;
}

// FNV-1a alone changes the highest bits too little between ids that differ in their last characters. These are the
// last steps of MurmurHash3.
function mix(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
