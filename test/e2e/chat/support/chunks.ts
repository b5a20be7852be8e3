import { EventSourceParserStream } from 'eventsource-parser/stream';

/** A chunk of a streamed completion, or the error that ends one. */
export interface Chunk {
  id: string;
  created: number;
  choices: {
    index: number;
    delta: { role?: string; content?: string; reasoning_content?: string; tool_calls?: object[] };
    finish_reason: string | null;
  }[];
  usage?: object | null;
  error?: { code: string; message: string; type: string; param: string | null };
}

/** Every event of a streamed answer, in order. */
export async function chunks(answer: Response): Promise<(Chunk | '[DONE]')[]> {
  const all: (Chunk | '[DONE]')[] = [];
  for await (const event of events(answer)) all.push(event);
  return all;
}

/** The events of a streamed answer as they come. */
export async function* events(answer: Response): AsyncGenerator<Chunk | '[DONE]'> {
  if (!answer.body) throw new Error('no body');
  const parsed = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { data } of parsed) yield data === '[DONE]' ? data : (JSON.parse(data) as Chunk);
}

/** What the chunks of one choice say in one of their texts. */
export function textOf(all: readonly (Chunk | '[DONE]')[], field: 'content' | 'reasoning_content' = 'content'): string {
  return all.map((chunk) => (chunk === '[DONE]' ? '' : (chunk.choices?.[0]?.delta[field] ?? ''))).join('');
}
