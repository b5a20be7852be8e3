import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { z } from 'zod';

const TIMEOUT_MS = 15_000;
/** What a browser writes of an answer that is no success; the tests look at those themselves. */
const REFUSED = 'Failed to load resource: the server responded with a status of';
const SERVER_ERRORS = 500;

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const violationsSchema = z.array(
  z.object({ id: z.string(), impact: z.string().nullable(), nodes: z.array(z.object({ html: z.string() })) }),
);
/** What moves has colours of its own until it is at rest, and begins to move a frame after it is there. */
const AT_REST = `(async () => {
  const moving = () => document.getAnimations()
    .filter(({ effect, playState }) => playState === 'running' && effect?.getComputedTiming().iterations !== Infinity);
  do {
    await Promise.allSettled(moving().map(({ finished }) => finished));
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  } while (moving().length > 0);
})()`;

/** A page of the console in a browser of its own, with what went wrong on it. */
export class ConsolePage {
  readonly #faults: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly baseUrl: string,
  ) {}

  /** Opens one, in English and 1280 x 800 large unless it is said otherwise. */
  static async open(browser: Browser, baseUrl: string, options: BrowserContextOptions = {}): Promise<ConsolePage> {
    const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(TIMEOUT_MS);
    const opened = new ConsolePage(await context.newPage(), baseUrl);
    opened.#watch();
    await opened.page.goto(`${baseUrl}/console`);
    return opened;
  }

  /** Signs in on the page that asks for a key. */
  async signIn(key: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Key' }).fill(key);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Signs in with one more key. */
  async signInToo(key: string): Promise<void> {
    await this.page.getByTitle('Account').click();
    await this.page.getByRole('menuitem', { name: 'Sign in with another key' }).click();
    const dialog = this.page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Key' }).fill(key);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.waitFor({ state: 'detached' });
  }

  /** Follows a link of the navigation. */
  async follow(name: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
    await this.page.getByRole('heading', { level: 1, name }).waitFor();
  }

  /** The names of the pages that are offered. */
  pages(): Promise<string[]> {
    return this.page.getByRole('navigation').getByRole('link').allInnerTexts();
  }

  /** Nothing that axe takes for serious is wrong with the page as it is. What fades while it is looked at is not. */
  async expectAccessible(): Promise<void> {
    await expect.poll(() => this.#seriousFaults(), { timeout: 15_000 }).toEqual([]);
  }

  async #seriousFaults(): Promise<string[]> {
    await this.page.evaluate(AT_REST);
    const found = await this.page.evaluate(`${axe}; axe.run().then(({ violations }) => violations)`);
    return violationsSchema
      .parse(found)
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }

  /** Closes it. Nothing has gone wrong on it: no script failed, nothing was against its policy or went elsewhere. */
  async close(): Promise<void> {
    await this.page.context().close();
    expect(this.#faults).toEqual([]);
  }

  #watch(): void {
    const { host } = new URL(this.baseUrl);
    this.page.on('pageerror', (err) => this.#faults.push(String(err)));
    this.page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith(REFUSED)) this.#faults.push(message.text());
    });
    this.page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith('http') && url.host !== host) this.#faults.push(`asked ${url.host}`);
    });
    this.page.on('response', (answer) => {
      const isAsset = answer.url().includes('/console/assets/') && !answer.ok();
      if (isAsset || answer.status() >= SERVER_ERRORS) this.#faults.push(`${answer.status()} ${answer.url()}`);
    });
  }
}
