import type { SimulatorClient, TestSystem } from '@grok2api/testkit';
import { loadImage } from '@napi-rs/canvas';
import { EventSourceParserStream } from 'eventsource-parser/stream';

/** An entry of `data`. */
export interface ImageEntry {
  url?: string;
  b64_json?: string;
  base64?: string;
  revised_prompt?: string;
}

/** An event of a streamed answer. */
export interface ImageEvent extends ImageEntry {
  type: string;
  index?: number;
  data?: ImageEntry[];
  error?: { code: string };
  [field: string]: unknown;
}

/** The answer's body. */
export interface ImageAnswer {
  status: number;
  headers: Headers;
  body: { created: number; data: ImageEntry[]; usage: object; error?: { code: string; param: string | null } };
}

/** The size of a file, in pixels. */
export async function sizeOf(file: Buffer): Promise<string> {
  const { width, height } = await loadImage(file);
  return `${width}x${height}`;
}

/** Fetches a file that this server gave out. */
export async function fetchFile(url = ''): Promise<{ type: string | null; bytes: Buffer }> {
  const answer = await fetch(url);
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}`);
  return { type: answer.headers.get('content-type'), bytes: Buffer.from(await answer.arrayBuffer()) };
}

/** Uses the image routes of a running system. */
export class ImageClient {
  /** @param simulator that of the system, unless the upstream is another */
  constructor(
    private readonly system: () => TestSystem,
    private readonly simulator: () => SimulatorClient = () => system().simulator,
  ) {}

  /** `POST /v1/images/generations`, as it is. */
  send(body: object, headers: Record<string, string> = {}): Promise<Response> {
    return this.system().tasks().request('POST', '/v1/images/generations', body, headers);
  }

  /** The same, read to its end. */
  async generate(body: object, headers?: Record<string, string>): Promise<ImageAnswer> {
    return read(await this.send(body, headers));
  }

  /** A multipart `POST /v1/images/edits`. */
  async edit(form: FormData, headers: Record<string, string> = {}): Promise<ImageAnswer> {
    return read(await fetch(`${this.system().baseUrl}/v1/images/edits`, { method: 'POST', body: form, headers }));
  }

  /** How often the upstream was asked for images with a prompt, and for how many each time. */
  async asked(prompt: string): Promise<number[]> {
    const requests = await this.simulator().log({ path: '/v1/images' });
    return requests
      .map(({ body }) => body as { prompt?: string; n?: number } | null)
      .filter((body) => body?.prompt === prompt)
      .map((body) => body?.n ?? 1);
  }
}

/** A multipart body: fields, and files where a name is given. */
export function form(...parts: [field: string, content: Buffer | string, name?: string][]): FormData {
  const body = new FormData();
  for (const [field, content, name] of parts) {
    if (name === undefined) body.append(field, String(content));
    else body.append(field, new Blob([Buffer.from(content)]), name);
  }
  return body;
}

/** Every event of a streamed answer, with the name that the stream gives it. */
export async function eventsOf(answer: Response): Promise<{ event: string | undefined; data: ImageEvent }[]> {
  if (!answer.body) throw new Error('no body');
  const all: { event: string | undefined; data: ImageEvent }[] = [];
  const parsed = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { event, data } of parsed) all.push({ event, data: JSON.parse(data) as ImageEvent });
  return all;
}

async function read(answer: Response): Promise<ImageAnswer> {
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as ImageAnswer['body'] };
}
