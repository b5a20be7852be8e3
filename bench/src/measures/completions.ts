const CHUNKS = 20;
const MESSAGES = [
  { role: 'system', content: 'You are a helpful assistant.' },
  { role: 'user', content: 'Tell me about foxes, dogs, and what they have to do with typewriters.' },
];

/** A chat completion as every contestant is asked for it. */
export const COMPLETION_BODY = JSON.stringify({ model: 'grok-4.3', messages: MESSAGES });

/** The same as a stream. */
export const STREAM_BODY = JSON.stringify({ model: 'grok-4.3', messages: MESSAGES, stream: true });

/** Whether no frame of a streamed completion is missing; a frame may be split or joined on the way, its text may not. */
export function isWholeStream(body: string): boolean {
  return body.split('"content":"The quick').length - 1 === CHUNKS && body.includes('data: [DONE]');
}
