import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { TestSystem } from '@grok2api/testkit';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pictureFile } from '../e2e/support/picture.js';
import { CHROMIUM, startBrowser } from './support/chromium.js';
import { ConsolePage } from './support/console-page.js';
import { eventually } from './support/eventually.js';

const KEY = 'alice-secret-1';
const WIDTH_OF_PHONE = 390;
const run = promisify(execFile);

/** A picture as a browser hands it over that was dragged from a folder. */
function dropped(name: string, picture: Buffer): string {
  const bytes = `Uint8Array.from(atob('${picture.toString('base64')}'), (char) => char.charCodeAt(0))`;
  return `(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([${bytes}], '${name}', { type: 'image/png' }));
    return transfer;
  })()`;
}

describe.skipIf(CHROMIUM === undefined)('the console, to a client', () => {
  let system: TestSystem;
  let browser: Browser;
  let her: ConsolePage;

  beforeAll(async () => {
    [system, browser] = await Promise.all([
      TestSystem.start({ env: { API_KEYS: `alice:${KEY}`, SIMULATOR_VIDEO_MS: '3000', SIMULATOR_IMAGE_MS: '300' } }),
      startBrowser(),
    ]);
    her = await ConsolePage.open(browser, system.baseUrl);
  });
  afterAll(async () => {
    await her?.close();
    await browser?.close();
    await system?.stop();
  });

  it('refuses a wrong key, and lets in with a good one to what a client may see', async () => {
    await her.page.getByRole('heading', { name: 'Grok2API' }).waitFor();
    await her.expectAccessible();
    await her.signIn('not-her-secret');
    await her.page.getByRole('alert').getByText('This key is not good').waitFor();
    await her.signIn(KEY);
    await her.page.getByRole('tab', { name: 'Chat' }).waitFor();
    expect(await her.pages()).toEqual(['Play', 'Tasks', 'Overview']);
    await her.page.goto(`${system.baseUrl}/console/credentials`);
    await eventually(() => new URL(her.page.url()).pathname).toBe('/console/play');
  });

  it('streams a chat as Markdown, with the reasoning folded, and stops when it is told', async () => {
    const { page } = her;
    await page.getByLabel('Message').fill('Say **this** and <img src=x onerror=alert(1)>');
    await page.getByRole('button', { name: 'Send' }).click();
    const answer = page.locator('[data-role=assistant]').last();
    await answer.locator('strong', { hasText: 'this' }).waitFor();
    await page.getByRole('button', { name: 'Send' }).waitFor();
    expect(await answer.locator('img').count()).toBe(0);
    const reasoning = answer.locator('details');
    expect(await reasoning.getByText('Reasoning').isVisible()).toBe(true);
    expect(await reasoning.getAttribute('open')).toBeNull();

    await page.getByLabel('Message').fill('tokens:100000');
    await page.getByRole('button', { name: 'Send' }).click();
    const long = page.locator('[data-role=assistant]').last();
    await eventually(async () => (await long.textContent())?.length).toBeGreaterThan(50);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Send' }).waitFor();
    await her.expectAccessible();
  });

  it('sends pictures along with a message', async () => {
    const { page } = her;
    const picture = await pictureFile({ width: 300, height: 200, color: 'red' });
    await page.getByRole('button', { name: 'New chat' }).click();
    await page
      .getByRole('tabpanel')
      .locator('input[type=file]')
      .setInputFiles({ name: 'red.png', mimeType: 'image/png', buffer: picture });
    await page.getByRole('img', { name: 'red.png' }).waitFor();
    await page.getByLabel('Message').fill('What is this?');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('[data-role=user]').getByRole('img', { name: 'Attached picture' }).waitFor();
    await eventually(() => page.locator('[data-role=assistant]').textContent()).toMatch(/300/);
  });

  it('makes images, each shown in its place, and edits pictures that are dropped', async () => {
    const { page } = her;
    await page.getByRole('tab', { name: 'Images' }).click();
    await page.getByRole('textbox', { name: 'Prompt' }).fill('A red fox');
    await page.getByLabel('Number').fill('2');
    await page.getByRole('button', { name: 'Make images' }).click();
    await page.getByText('2 images').waitFor();
    const second = page.getByRole('img', { name: 'A red fox (2)' });
    await eventually(() => second.evaluate((image) => Reflect.get(image, 'naturalWidth'))).toBeGreaterThan(100);
    await her.expectAccessible();

    const picture = await pictureFile({ width: 64, height: 64, color: 'blue' });
    const dataTransfer = await page.evaluateHandle(dropped('blue.png', picture));
    await page.getByRole('group', { name: 'Pictures to edit' }).dispatchEvent('drop', { dataTransfer });
    await page.getByRole('img', { name: 'blue.png' }).waitFor();
    await page.getByRole('button', { name: 'Edit pictures' }).click();
    await page.getByRole('button', { name: 'Edit pictures' }).waitFor();
    await page.getByText('2 images').waitFor();
  });

  it('makes a video, with its progress from 0 to 100 %, and plays it', async () => {
    const { page } = her;
    await page.getByRole('tab', { name: 'Video' }).click();
    await page.getByRole('textbox', { name: 'Prompt' }).fill('A dolphin leaps');
    await page.getByRole('button', { name: 'Make a video' }).click();
    const bar = page.getByRole('progressbar', { name: 'Progress' });
    const seen: number[] = [];
    await eventually(async () => seen[seen.push(Number(await bar.getAttribute('aria-valuenow'))) - 1]).toBe(100);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen[0]).toBeLessThan(100);
    expect(seen.filter((progress) => progress > 0 && progress < 100)).not.toEqual([]);
    const video = page.getByLabel('The video');
    await eventually(() => video.evaluate((player) => Reflect.get(player, 'currentTime'))).toBeGreaterThan(0.2);
    await her.expectAccessible();
  });

  it('shows code that does the same', async () => {
    const { page } = her;
    await page.getByRole('tab', { name: 'Chat' }).click();
    await page.getByRole('button', { name: 'New chat' }).click();
    await page.getByLabel('Message').fill('What\'s "this"?\n$HOME');
    await page.getByRole('button', { name: 'Do the same in code' }).click();
    const env = { PATH: process.env.PATH, GROK2API_KEY: KEY };
    const code = page.getByRole('tabpanel').locator('pre:visible');
    const { stdout: byCurl } = await run('sh', ['-c', (await code.textContent()) ?? ''], { env });
    expect(byCurl).toMatch(/HOME.*\[DONE\]/s);
    await page.getByRole('tab', { name: 'JavaScript' }).click();
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', (await code.textContent()) ?? ''], {
      env,
    });
    expect(stdout).toMatch(/HOME.*\[DONE\]/s);
    await page.getByRole('tab', { name: 'Python' }).click();
    expect((await code.textContent()) ?? '').toContain('requests.post(');
  });

  it('lists tasks live, opens one, cancels and deletes', async () => {
    const { page } = her;
    await her.follow('Tasks');
    await page.getByRole('table', { name: 'Tasks' }).getByText('Completed').waitFor();
    await her.expectAccessible();
    await system.tasks(KEY).create('never:done');
    const row = page.getByRole('row', { name: 'never:done' });
    await row
      .getByText(/Waiting|Running/)
      .first()
      .waitFor();
    await row.getByRole('link', { name: 'never:done' }).click();
    const drawer = page.getByRole('dialog', { name: 'Task' });
    await drawer.getByText('Accepted').waitFor();
    await drawer.getByText('Taken up once').waitFor();
    await her.expectAccessible();
    await drawer.getByRole('button', { name: 'Cancel' }).click();
    await drawer.getByText('Cancelled').first().waitFor();
    await drawer.getByRole('button', { name: 'Close' }).click();

    await row.getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Delete 1 selected' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete 1 selected' }).click();
    await row.waitFor({ state: 'detached' });
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'Failed' }).click();
    await page.getByText('There are no tasks').waitFor();
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'Completed' }).click();
    await page.getByRole('row', { name: 'A dolphin leaps' }).waitFor();

    await page.getByRole('button', { name: 'Delete by state' }).click();
    await page.getByRole('menuitem', { name: 'Delete all: Completed' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('There are no tasks').waitFor();
  });

  it('shows which parts of the system answer, and what the client spent', async () => {
    await her.follow('Overview');
    await her.page.getByText('video-worker').waitFor();
    await her.page.getByRole('img', { name: /Spend per day/ }).waitFor();
    expect(await her.page.getByRole('heading', { name: 'Processes' }).count()).toBe(0);
    await her.expectAccessible();
  });

  it('is as usable in the dark, in Chinese and on a phone', async () => {
    const viewport = { width: WIDTH_OF_PHONE, height: 800 };
    const phone = await ConsolePage.open(browser, system.baseUrl, { viewport, colorScheme: 'dark', locale: 'zh-CN' });
    const { page } = phone;
    await page.getByRole('textbox', { name: '密钥' }).fill(KEY);
    await page.getByRole('button', { name: '登录' }).click();
    await page.getByRole('heading', { level: 1, name: '体验' }).waitFor();
    expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark');
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
    for (const name of ['任务', '概览', '体验']) {
      await phone.expectAccessible();
      expect([name, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([name, WIDTH_OF_PHONE]);
      await page.getByRole('button', { name: '菜单' }).click();
      await phone.follow(name);
    }
    await page.getByRole('button', { name: '浅色模式' }).click();
    await eventually(() => page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('light');
    await page.getByRole('button', { name: 'Switch to English' }).click();
    await page.getByRole('heading', { level: 1, name: 'Play' }).waitFor();
    await phone.close();
  });

  it('is used with the keyboard alone', async () => {
    const other = await ConsolePage.open(browser, system.baseUrl);
    const { keyboard } = other.page;
    await other.page.getByRole('textbox', { name: 'Key' }).focus();
    await keyboard.type(KEY);
    await keyboard.press('Enter');
    await other.page.getByRole('tab', { name: 'Chat' }).focus();
    await keyboard.press('ArrowRight');
    await eventually(() => other.page.getByRole('tab', { name: 'Images' }).getAttribute('aria-selected')).toBe('true');
    await other.page.getByTitle('Account').focus();
    await keyboard.press('Enter');
    await other.page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
    await keyboard.press('ArrowDown');
    await keyboard.press('End');
    await keyboard.press('Enter');
    await other.page.getByRole('textbox', { name: 'Key' }).waitFor();
    await other.close();
  });
});
