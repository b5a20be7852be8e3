import { expect, test } from 'vitest';
import { startTestSimulator } from './harness.js';
import { plainPicture } from './pictures.js';

const seen = (...urls: string[]) => ({
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'what is this?' },
        ...urls.map((url) => ({ type: 'image_url', image_url: { url } })),
      ],
    },
  ],
});

test('the answer tells the size and colour of each picture, and the URLs that it got', async () => {
  const simulator = await startTestSimulator();
  const { json } = await simulator.chat(
    '',
    seen(
      await plainPicture('png', { width: 64, height: 48 }, '#ff0000', { left: 0, top: 0, width: 20, height: 20 }),
      await plainPicture('jpeg', { width: 100, height: 200 }, '#1e3ce6'),
      'https://example.com/cat.png',
      await plainPicture('webp', { width: 30, height: 30 }, '#ffffff'),
    ),
  );
  const content = expect.stringMatching(
    /You said: "what is this\?"\npicture 1: 64×48, #ff0000 red\npicture 2: 100×200, #1[de]3[bcd]e[4-7] blue\npicture 3: URL https:\/\/example\.com\/cat\.png\npicture 4: 30×30, #(fff|fef)... white$/,
  );
  expect(json).toMatchObject({
    choices: [{ message: { content } }],
    usage: { prompt_tokens_details: { image_tokens: 4 * 256 } },
  });
});

test.each([
  'data:image/png;base64,AAAA',
  `data:image/png;base64,${Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]).toString('base64')}`,
  'data:text/plain;base64,AAAA',
  'data:image/png,xx',
  'ftp://example.com/x.png',
  'cat.png',
])('a broken picture is 400: %s', async (url) => {
  const simulator = await startTestSimulator();
  const answer = await simulator.chat('', { ...seen(url), stream: true });
  expect(answer.status).toBe(400);
  expect(answer.json).toMatchObject({ code: 'invalid-argument', error: expect.stringContaining('image') });
});
