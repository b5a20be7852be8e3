import type { Readable } from 'node:stream';

/**
 * The beginning of an answer's body as a text fit for the database, for whoever looks for what went wrong. No more is
 * read than is told; a body that breaks off is told up to there.
 */
export async function excerptOf(body: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= maxBytes) break;
    }
  } catch {
    // The status is known: that the rest did not come changes nothing.
  }
  body.destroy();
  return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8').replaceAll('\0', '\u{fffd}');
}
