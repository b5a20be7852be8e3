import { decodeDataUrl, isDataUrl } from '../pictures/data-url.js';
import { decodePicture } from '../pictures/decode-picture.js';
import { dominantColor } from '../pictures/dominant-color.js';
import { invalidArgument } from '../wire/xai-error.js';
import type { Message } from './message.js';

/**
 * A line about each picture of the conversation, in order: `picture 1: 64×48, #ff0000 red`. An http(s) URL is not
 * fetched, its line repeats it.
 * @throws XaiError 400 for a picture that cannot be decoded
 */
export async function describePictures(messages: readonly Message[]): Promise<string[]> {
  const urls = messages.flatMap((message) => (message.role === 'user' ? message.pictures : []));
  const lines: string[] = [];
  for (const [index, url] of urls.entries()) lines.push(`picture ${index + 1}: ${await describe(url)}`);
  return lines;
}

async function describe(url: string): Promise<string> {
  if (isDataUrl(url)) {
    const picture = await decodePicture(decodeDataUrl(url));
    const { hex, name } = dominantColor(picture);
    return `${picture.width}×${picture.height}, ${hex} ${name}`;
  }
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw invalidArgument('The image URL must be a data URL or an http(s) URL.');
  }
  return `URL ${url}`;
}
