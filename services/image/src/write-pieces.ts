import type { ReplyWriter } from '@grok2api/bus';

/** What fits into one message of the bus; less is gathered first. */
const ENOUGH_CHARACTERS = 96 * 1024;

/** Writes a text piece by piece, waiting while the requester takes no more. @throws what `write` throws */
export async function writePieces(reply: ReplyWriter, pieces: Iterable<string>): Promise<void> {
  let gathered = '';
  for (const piece of pieces) {
    gathered += piece;
    if (gathered.length < ENOUGH_CHARACTERS) continue;
    await reply.write(Buffer.from(gathered));
    gathered = '';
  }
  if (gathered !== '') await reply.write(Buffer.from(gathered));
}
