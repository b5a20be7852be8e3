import { createParser } from 'eventsource-parser';
import { UnusableAnswer } from './call-failure.js';

const MAX_BUFFER = 1_048_576;

/**
 * The data of server-sent events, of each chunk the events that end in it. An event that the end of the bytes leaves open
 * counts as well.
 * @throws UnusableAnswer when an event is longer than a million characters, what the bytes throw
 */
export async function* readSseData(bytes: AsyncIterable<Buffer>): AsyncGenerator<string[]> {
  const waiting: string[] = [];
  let tooLong = false;
  const parser = createParser({
    maxBufferSize: MAX_BUFFER,
    onEvent: ({ data }) => waiting.push(data),
    onError: ({ type }) => {
      tooLong ||= type === 'max-buffer-size-exceeded';
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of bytes) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (waiting.length > 0) yield waiting.splice(0);
    if (tooLong) throw new UnusableAnswer('a line of the answer is longer than a million characters');
  }
  parser.feed(`${decoder.decode()}\n\n`);
  if (waiting.length > 0) yield waiting;
}
