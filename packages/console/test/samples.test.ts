import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { curlSample } from '../src/samples/curl.js';
import { javascriptSample } from '../src/samples/javascript.js';
import { pythonSample } from '../src/samples/python.js';

const SERVER = { origin: 'http://localhost:8000', needsKey: true };
const RUNS = { numRuns: 20 };

/** The arguments that the shell hands to `curl`. */
function argumentsOf(command: string): string[] {
  const script = `curl() { printf '%s\\0' "$@"; }\n${command}`;
  return execFileSync('sh', ['-c', script], { env: { PATH: process.env.PATH, GROK2API_KEY: 'k' } })
    .toString()
    .split('\0')
    .slice(0, -1);
}

const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((each) => !each.includes('\0'));

it('says in the shell what was asked, whatever is in it', () => {
  fc.assert(
    fc.property(text, fc.boolean(), (prompt, streams) => {
      const json = { prompt, n: 2, stream: streams };
      const given = argumentsOf(curlSample({ path: '/v1/images/generations', json, streams }, SERVER));
      expect(JSON.parse(given.at(-1) ?? '')).toEqual(json);
      expect(given).toContain('Authorization: Bearer k');
    }),
    RUNS,
  );
});

it('names the fields and the files of a form', () => {
  const form = { fields: { prompt: "it's" }, files: [{ field: 'image', name: 'a b.png' }] };
  const request = { path: '/v1/images/edits', form, streams: false };
  const given = argumentsOf(curlSample(request, SERVER));
  expect(given.slice(-4)).toEqual(['-F', "prompt=it's", '-F', 'image=@a b.png']);
  expect(javascriptSample(request, SERVER)).toContain(
    'form.append(\'image\', await openAsBlob("a b.png"), "a b.png");',
  );
  expect(pythonSample(request, SERVER)).toContain('files=[("image", open("a b.png", "rb"))],');
});

it('is JavaScript that can be parsed, and says the same', () => {
  fc.assert(
    fc.property(text, (prompt) => {
      const json = { prompt, stream: true, nothing: null };
      const code = javascriptSample({ path: '/v1/x', json, streams: true }, SERVER);
      const [, body] = /JSON\.stringify\((.*)\),\n\}\);/s.exec(code) ?? [];
      expect(JSON.parse(body ?? '')).toEqual(json);
    }),
    RUNS,
  );
});

it('writes values as Python does, and a key only where one is needed', () => {
  const request = {
    path: '/v1/x',
    json: { yes: true, no: false, none: null, list: [1, 'a'], empty: [] },
    streams: false,
  };
  expect(pythonSample(request, { ...SERVER, needsKey: false })).toBe(`import requests

answer = requests.post(
    "http://localhost:8000/v1/x",
    json={
        "yes": True,
        "no": False,
        "none": None,
        "list": [
            1,
            "a",
        ],
        "empty": [],
    },
)
print(answer.json())`);
  expect(pythonSample(request, SERVER)).toContain(`f"Bearer {os.environ['GROK2API_KEY']}"`);
});

it('watches the task that it makes', () => {
  const request = { path: '/v1/video/tasks', json: { prompt: 'x' }, streams: false, watch: '/v1/video/tasks' };
  for (const write of [curlSample, javascriptSample, pythonSample]) {
    expect(write(request, SERVER)).toMatch(/\/v1\/video\/tasks\/\S*(?:TASK_ID|task_id)\S*\/stream/);
  }
});
