import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAEElEQVR4nGP4z8AARwzEcQCukw/x0F8jngAAAABJRU5ErkJggg==',
  'base64',
);

/** A server of pictures, on loopback, that answers nobody before it is told to. */
export interface PictureServer {
  /** Of a picture on it. */
  url: string;
  /** Requests so far. */
  readonly requests: number;
  /** Sends the picture to everybody who waits, and to whoever asks from now on. */
  release: () => void;
  stop: () => Promise<void>;
}

/** The network in which it is: what `FETCH_ALLOW` has to be. */
export const PICTURE_NETWORK = '127.0.0.0/8';

export async function startPictureServer(): Promise<PictureServer> {
  const waiting: ServerResponse[] = [];
  let requests = 0;
  let released = false;
  const answer = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'image/png' }).end(PNG);
  const server = createServer((_request, response) => {
    requests++;
    if (released) answer(response);
    else waiting.push(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/first-frame.png`,
    get requests() {
      return requests;
    },
    release: () => {
      released = true;
      for (const response of waiting) answer(response);
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
