/** What one side said. */
export interface Turn {
  id: number;
  role: 'user' | 'assistant';
  text: string;
  reasoning: string;
  /** Addresses of the pictures that came along. */
  pictures: string[];
  error?: Error;
}

/** The conversation as the API takes it. */
export function messagesOf(turns: readonly Turn[]): Record<string, unknown>[] {
  return turns
    .filter(({ text, pictures }) => text !== '' || pictures.length > 0)
    .map(({ role, text, pictures }) => ({
      role,
      content:
        pictures.length === 0
          ? text
          : [{ type: 'text', text }, ...pictures.map((url) => ({ type: 'image_url', image_url: { url } }))],
    }));
}
