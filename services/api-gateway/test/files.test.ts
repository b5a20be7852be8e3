import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { FilesystemMediaStore } from '@grok2api/media-store';
import { createLogger } from '@grok2api/service-kit';
import { tempDir } from '@grok2api/testkit';
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { answerErrors } from '../src/middleware/errors.js';
import { fileRoutes } from '../src/routes/files.js';

const HEX = '0123456789abcdef'.repeat(2);

describe('GET /files/{id}', () => {
  it('serves pictures, and never what services left for each other', async () => {
    const directory = await tempDir();
    onTestFinished(directory.remove);
    const media = new FilesystemMediaStore(directory.path);
    for (const id of [`file_${HEX}.png`, `request_${HEX}.json`]) {
      await media.put(id, Readable.from([Buffer.from('"content"')]), { maxBytes: 100 });
    }
    const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });
    const app = express().use(fileRoutes({ media, ttlMs: 60_000, now: Date.now }), answerErrors(log));
    const server = createServer(app).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const get = (id: string) => fetch(`http://127.0.0.1:${port}/files/${id}`);
    expect((await get(`file_${HEX}.png`)).status).toBe(200);
    const refused = await get(`request_${HEX}.json`);
    expect(refused.status).toBe(404);
    expect(await refused.json()).toMatchObject({ error: { code: 'file_not_found' } });
  });
});
