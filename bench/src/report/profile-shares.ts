/** A profile as V8 writes it (`--cpu-prof`); times in microseconds. */
export interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
  /** On the clock of `process.hrtime`. */
  startTime: number;
}

/** What has a part of the time that a process works, and how much of it: 0 to 1. */
export interface Share {
  name: string;
  share: number;
}

/** Functions of Node's streams that are calls of the system. */
const WRITES = ['writev', 'writeBuffer', 'writeUtf8String', 'writeString', 'writeLatin1String'];
const PACKAGE = /\/node_modules\/\.pnpm\/(@?[^/@]+)@[^/]*\/|\/(?:packages|services)\/([^/]+)\/dist\//;

/** Whose functions have the time after a moment, by packages and by functions, the greatest share first. */
export function profileShares(profile: Profile, after: number): { packages: Share[]; functions: Share[] } {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const packages = new Map<string, number>();
  const functions = new Map<string, number>();
  let at = profile.startTime;
  let all = 0;
  for (const [index, id] of profile.samples.entries()) {
    const took = profile.timeDeltas[index] ?? 0;
    at += took;
    const frame = frames.get(id);
    if (at < after || !frame || frame.functionName === '(idle)') continue;
    all += took;
    const owner = ownerOf(frame);
    packages.set(owner, (packages.get(owner) ?? 0) + took);
    const name = `${frame.functionName || '(anonymous)'} of ${owner}, line ${frame.lineNumber + 1}`;
    functions.set(name, (functions.get(name) ?? 0) + took);
  }
  const shares = (times: Map<string, number>) =>
    [...times].map(([name, time]) => ({ name, share: time / all })).sort((a, b) => b.share - a.share);
  return { packages: shares(packages), functions: shares(functions) };
}

function ownerOf({ functionName, url }: Profile['nodes'][number]['callFrame']): string {
  if (WRITES.includes(functionName)) return 'writes to sockets';
  const [, npm, own] = PACKAGE.exec(url) ?? [];
  return npm ?? own ?? (functionName === '(garbage collector)' ? 'garbage collection' : 'Node');
}
