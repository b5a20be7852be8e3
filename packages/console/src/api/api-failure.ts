import { z } from 'zod';

const bodySchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** The server refused a request, or failed. The message is the server's own. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** In what the server wrote about the request in its log. */
    readonly requestId: string | undefined,
  ) {
    super(message);
  }

  /** What an answer that is no success says. */
  static async of(answer: Response): Promise<ApiFailure> {
    const text = await answer.text();
    const parsed = bodySchema.safeParse(parseJson(text)).data;
    const message = parsed?.error.message ?? (answer.statusText || `HTTP ${answer.status}`);
    return new ApiFailure(
      answer.status,
      parsed?.error.code ?? 'unknown',
      message,
      answer.headers.get('x-request-id') ?? undefined,
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page perhaps.
    return undefined;
  }
}
