import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { throughput } from '../load/throughput.js';
import { type Row, shown } from '../report/row.js';
import { median } from '../report/statistics.js';
import { CREATE_BODY } from './creates.js';
import type { Measure } from './measure.js';
import { withOurs } from './with-ours.js';

/** As many as a browser opens to one origin. */
const CONNECTIONS = 6;
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

interface BrowserResult {
  perSecond: number;
  p99Ms: number;
  requests: number;
  errors: number;
}

/**
 * How many videos a page of the same origin creates, beside the load generator with as many connections, and beside a page
 * that asks the mock, which answers at once: what the browser itself costs.
 */
export const measureBrowser: Measure = async (effort, log) => {
  const executablePath = process.env.BENCH_BROWSER || BROWSERS.find((path) => existsSync(path));
  if (executablePath === undefined)
    throw new Error('no Chromium is installed (apt-get install chromium), or BENCH_BROWSER names none');
  return withOurs({}, async ({ system, mock, headers }) => {
    const url = `${system.baseUrl}/v1/video/generations/async`;
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    try {
      const page = await browser.newPage();
      // What it serves elsewhere may not fetch.
      await page.goto(`${system.baseUrl}/console`);
      const bare = await browser.newPage();
      await bare.goto(mock.address);
      const asks = { headers, body: CREATE_BODY, connections: CONNECTIONS, ms: effort.seconds * 1000 };
      const pages: BrowserResult[] = [];
      const bares: number[] = [];
      const generators: number[] = [];
      for (let round = 0; round <= effort.rounds; round++) {
        const fromPage = await page.evaluate(createInPage, { ...asks, url });
        const ofBrowser = await bare.evaluate(createInPage, { ...asks, url: `${mock.address}/v1/videos/generations` });
        const load = { url, headers, body: CREATE_BODY, connections: CONNECTIONS, seconds: effort.seconds };
        const fromGenerator = await throughput(load);
        log(
          `  round ${round} page ${JSON.stringify(fromPage)} the mock's ${JSON.stringify(ofBrowser)} generator ${JSON.stringify(fromGenerator)}`,
        );
        // The first one warms up.
        if (round === 0) continue;
        pages.push(fromPage);
        bares.push(ofBrowser.perSecond);
        generators.push(fromGenerator.perSecond);
      }
      const perSecond = median(pages.map((each) => each.perSecond));
      const p99 = median(pages.map((each) => each.p99Ms));
      const requests = pages.reduce((sum, each) => sum + each.requests, 0);
      const errors = (100 * pages.reduce((sum, each) => sum + each.errors, 0)) / requests;
      const share = perSecond / median(generators);
      const row: Row = {
        measure: 'the same from a page in Chromium, 6 connections',
        goal: '≥ 60 % of the load generator with six, p99 ≤ 195 ms, errors ≤ 0.08 %',
        result: `${Math.round(share * 100)} % (${shown(perSecond)}/s of ${shown(median(generators))}/s), p99 ${shown(p99)} ms, errors ${shown(errors)} %; a page of the mock reaches ${shown(median(bares))}/s`,
        reached: share >= 0.6 && p99 <= 195 && errors <= 0.08,
        raw: { pages, bares, generators },
      };
      return [row];
    } finally {
      await browser.close();
    }
  });
};

/** Runs in the page. */
async function createInPage(load: {
  url: string;
  headers: Record<string, string>;
  body: string;
  connections: number;
  ms: number;
}): Promise<BrowserResult> {
  const times: number[] = [];
  let errors = 0;
  const begun = performance.now();
  const lane = async () => {
    while (performance.now() - begun < load.ms) {
      const asked = performance.now();
      const answer = await fetch(load.url, { method: 'POST', headers: load.headers, body: load.body });
      await answer.json();
      times.push(performance.now() - asked);
      if (!answer.ok) errors++;
    }
  };
  await Promise.all(Array.from({ length: load.connections }, lane));
  times.sort((a, b) => a - b);
  const seconds = (performance.now() - begun) / 1000;
  return {
    perSecond: (times.length - errors) / seconds,
    p99Ms: times[Math.floor(times.length * 0.99)] ?? 0,
    requests: times.length,
    errors,
  };
}
