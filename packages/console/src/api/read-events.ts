import { EventSourceParserStream } from 'eventsource-parser/stream';
import { z } from 'zod';

const END = '[DONE]';
const errorSchema = z.object({ error: z.object({ message: z.string() }) });

/** The server broke off a stream, and said why. */
export class StreamFailure extends Error {
  override readonly name = 'StreamFailure';
}

/** The data of the events of an answer, parsed, as they come. @throws StreamFailure, ZodError */
export async function* readEvents<Schema extends z.ZodType>(
  schema: Schema,
  answer: Response,
): AsyncGenerator<z.infer<Schema>> {
  if (!answer.body) return;
  const reader = answer.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done || value.data === END) return;
      const data: unknown = JSON.parse(value.data);
      const failure = errorSchema.safeParse(data).data;
      if (failure) throw new StreamFailure(failure.error.message);
      yield schema.parse(data);
    }
  } finally {
    await reader.cancel();
  }
}
