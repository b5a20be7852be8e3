import type { ByteRange } from '@grok2api/media-store';

const ONE_RANGE = /^bytes=[ \t]*(?:(\d+)-(\d*)|-(\d+))[ \t]*$/i;

/**
 * What the header Range asks of a file (RFC 9110, 14.1.2 and 14.2): the part of it; `whole` for several ranges, another
 * unit or what cannot be read, all of which a server may ignore; `unsatisfiable` when no byte of the file is asked for.
 * @param bytes length of the file, at least 1
 */
export function parseByteRange(header: string, bytes: number): ByteRange | 'whole' | 'unsatisfiable' {
  const [match, first = '', last = '', suffix = ''] = ONE_RANGE.exec(header) ?? [];
  if (match === undefined) return 'whole';
  const start = first === '' ? Math.max(0, bytes - Number(suffix)) : Number(first);
  const end = last === '' ? bytes - 1 : Number(last);
  if (end < start && last !== '') return 'whole';
  return start < bytes ? { start, end: Math.min(end, bytes - 1) } : 'unsatisfiable';
}
