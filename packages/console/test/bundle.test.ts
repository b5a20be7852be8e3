import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

const SITE = fileURLToPath(new URL('../dist/site', import.meta.url));
const MOST_BYTES = 400_000;

const page = readFileSync(join(SITE, 'index.html'), 'utf8');
const named = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? '');

it('is under 400 KB before anything is opened, compressed as gzip does', () => {
  expect(named.length).toBeGreaterThan(2);
  const bytes = named
    .map((address) => readFileSync(join(SITE, address.replace(/^\/console\//, ''))))
    .reduce((sum, file) => sum + gzipSync(file).length, 0);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(MOST_BYTES);
});

it('loads what draws charts and Markdown only when it is needed', () => {
  const first = named.join(' ');
  const files = readdirSync(join(SITE, 'assets')).filter((name) => name.endsWith('.js'));
  for (const part of ['drawn-chart', 'rendered-markdown']) {
    expect(files.some((name) => name.startsWith(part))).toBe(true);
    expect(first).not.toContain(part);
  }
});

it('names nothing outside of the server, and has the place for a nonce', () => {
  for (const address of named) expect(address).toMatch(/^\/console\/assets\/[\w.-]+$/);
  expect(page).toContain('nonce="__CSP_NONCE__"');
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bon\w+=/);
});

it('has every file compressed beside it', () => {
  const folder = join(SITE, 'assets');
  for (const name of readdirSync(folder).filter((each) => /\.(js|css)$/.test(each))) {
    const bytes = readFileSync(join(folder, name));
    if (bytes.length < 1024) continue;
    expect(brotliDecompressSync(readFileSync(join(folder, `${name}.br`))).equals(bytes)).toBe(true);
    expect(gunzipSync(readFileSync(join(folder, `${name}.gz`))).equals(bytes)).toBe(true);
  }
});
