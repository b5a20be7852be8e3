import { MemoryWatch, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mediaFiles } from '../support/media-files.js';
import { hugePng } from '../support/png.js';
import { form, ImageClient } from './support/image-client.js';

let system: TestSystem;
const images = new ImageClient(() => system);

beforeAll(async () => {
  system = await TestSystem.start({ env: { SIMULATOR_IMAGE_MS: '50' } });
});
afterAll(async () => {
  await system?.stop();
});

it('sixteen pictures of 50 MB never sit in memory together', async () => {
  const file = hugePng(4_150);
  expect(file.length / 2 ** 20).toBeGreaterThan(49);
  // What stays loaded after the first edit is no cost of the pictures.
  await images.edit(form(['prompt', 'x'], ['image', hugePng(64), 'x.png']));
  const watch = new MemoryWatch(['api-gateway', 'image'].map((name) => system.pid(name)));
  const answer = await images.edit(
    form(['prompt', '十六'], ...Array.from({ length: 16 }, (): [string, Buffer, string] => ['image', file, 'x.png'])),
  );
  const [gateway, service] = watch.stop();
  expect(answer.status).toBe(200);
  // Of 800 MB; Node 24 lets some of what it has read lie before it collects it.
  expect(gateway?.growth).toBeLessThan(100);
  // One file, its rows on their way through the decoder, and the grids.
  expect(service?.growth).toBeLessThan(350);
  const uploads = async () => (await mediaFiles(system)).filter((name) => name.startsWith('file_'));
  await expect.poll(uploads, { timeout: 10_000 }).toEqual([]);
});
