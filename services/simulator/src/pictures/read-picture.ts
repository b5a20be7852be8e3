import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import type { Image } from '@napi-rs/canvas';
import { invalidArgument, type XaiError } from '../wire/xai-error.js';
import { decodeDataUrl, isDataUrl } from './data-url.js';
import { decodePicture } from './decode-picture.js';

const DEFAULT_MAX_BYTES = 60 * 1024 * 1024;
const MAX_REDIRECTS = 3;
const FETCH_TIMEOUT_MS = 10_000;

/**
 * Reads a picture that a request names: JPEG, PNG or WebP, by data URL or from an http(s) address.
 * @throws XaiError 400 when it cannot be had, has more bytes, or is no such picture
 */
export async function readPicture(url: string, maxBytes = DEFAULT_MAX_BYTES): Promise<Image> {
  const bytes = isDataUrl(url) ? decodeDataUrl(url) : await fetchPicture(url, maxBytes);
  if (bytes.length > maxBytes) throw tooLarge();
  return decodePicture(bytes);
}

function tooLarge(): XaiError {
  return invalidArgument('The image is too large.');
}

async function fetchPicture(address: string, maxBytes: number): Promise<Buffer> {
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  let url = parseHttpUrl(address);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    await refusePrivate(url);
    const response = await request(url, signal);
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (location === null) return readBody(response, maxBytes);
    await response.body?.cancel();
    url = parseHttpUrl(URL.canParse(location, url.href) ? new URL(location, url.href).href : location);
  }
  throw invalidArgument('The image URL redirects too often.');
}

function parseHttpUrl(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw invalidArgument('The image URL must be a data URL or an http(s) URL.');
  }
  return url;
}

async function request(url: URL, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url.href, { redirect: 'manual', signal });
  } catch (err) {
    throw invalidArgument('The image could not be fetched.', { cause: err });
  }
}

async function readBody(response: Response, maxBytes: number): Promise<Buffer> {
  if (!response.ok || !response.body) {
    throw invalidArgument(`The image could not be fetched: its server answered ${response.status}.`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body) {
      size += chunk.byteLength;
      if (size > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (err) {
    throw invalidArgument('The image could not be fetched.', { cause: err });
  }
  if (size > maxBytes) throw tooLarge();
  return Buffer.concat(chunks);
}

// Loopback stays open: tests serve their pictures there.
async function refusePrivate(url: URL): Promise<void> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) ? [host] : await resolveHost(host);
  if (addresses.some((address) => PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'))) {
    throw invalidArgument('The image URL is not public.');
  }
}

async function resolveHost(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (err) {
    throw invalidArgument('The host of the image URL could not be found.', { cause: err });
  }
}

const PRIVATE = privateRanges();

function privateRanges(): BlockList {
  const ranges = new BlockList();
  const v4 = ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'];
  const v6 = ['fc00::/7', 'fe80::/10', 'ff00::/8'];
  for (const range of [...v4, '224.0.0.0/3', ...v6]) {
    const [network = '', bits] = range.split('/');
    ranges.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  ranges.addAddress('::', 'ipv6');
  return ranges;
}
