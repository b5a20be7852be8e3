import type { Request } from 'express';

/** Path under which this server gives out files. */
const FILES_PATH = /^(?:\/v1)?\/files\/([^/]+)$/;

/** What begins the URLs that this server gives out, and how it knows them when they come back. */
export class PublicUrls {
  constructor(private readonly publicUrl: string | undefined) {}

  /** `PUBLIC_URL`, else the origin that the request itself used. Forwarded headers count only under `TRUST_PROXY`. */
  originOf(req: Request): string {
    return this.publicUrl ?? `${req.protocol}://${req.host}`;
  }

  /** The media id of a file's URL, if it is a URL of this server. */
  mediaIdOf(url: string, req: Request): string | undefined {
    if (!URL.canParse(url)) return undefined;
    const parsed = new URL(url);
    const own = [this.originOf(req), `${req.protocol}://${req.host}`];
    if (!own.some((origin) => URL.canParse(origin) && new URL(origin).origin === parsed.origin)) return undefined;
    return FILES_PATH.exec(parsed.pathname)?.[1];
  }
}
