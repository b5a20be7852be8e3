import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Receiver, TestSystem } from '@grok2api/testkit';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, startBrowser } from './support/chromium.js';
import { ConsolePage } from './support/console-page.js';
import { eventually } from './support/eventually.js';

describe.skipIf(CHROMIUM === undefined)('the console of a server without client keys', () => {
  let system: TestSystem;
  let browser: Browser;
  let his: ConsolePage;
  let receiver: Receiver;

  beforeAll(async () => {
    [system, browser, receiver] = await Promise.all([
      TestSystem.start({ env: { FETCH_ALLOW: '127.0.0.0/8' } }),
      startBrowser(),
      Receiver.start(),
    ]);
    his = await ConsolePage.open(browser, system.baseUrl);
  });
  afterAll(async () => {
    await his?.close();
    await browser?.close();
    await system?.stop();
    await receiver?.stop();
  });

  it('shows everybody what a client may see, and the rest to who signs in as administrator', async () => {
    await his.page.getByRole('heading', { level: 1, name: 'Play' }).waitFor();
    expect(await his.pages()).toEqual(['Play', 'Tasks', 'Overview']);
    await his.signInToo((await readFile(join(system.dataDir, 'admin.key'), 'utf8')).trim());
    await eventually(() => his.pages()).toEqual([
      'Play',
      'Tasks',
      'Overview',
      'Credentials',
      'Client keys',
      'Callbacks',
    ]);
  });

  it('shows whom the end of a task was told, and tells it again', async () => {
    const { page } = his;
    const id = await system.tasks().create('A dolphin leaps', { callback_url: receiver.url() });
    await receiver.until(1);
    await page.goto(`${system.baseUrl}/console/tasks?kind=video&task=${id}`);
    const drawer = page.getByRole('dialog', { name: 'Task' });
    await drawer.getByText(receiver.url()).waitFor();
    await drawer.getByRole('table', { name: 'Attempts' }).getByText('204').waitFor();
    await his.expectAccessible();
    await drawer.getByRole('button', { name: 'Send again' }).click();
    await receiver.until(2);
    await eventually(() => drawer.getByRole('table', { name: 'Attempts' }).getByRole('row').count()).toBe(2);
    await drawer.getByRole('button', { name: 'Close' }).click();

    await his.follow('Callbacks');
    await page.getByRole('row', { name: receiver.url() }).getByText('Delivered').waitFor();
    await his.expectAccessible();
    await page.getByRole('row', { name: receiver.url() }).click();
    await page.getByRole('dialog', { name: 'Callback' }).getByText(receiver.url()).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  });

  it('adds a credential, tests it, changes it and deletes it', async () => {
    const { page } = his;
    await his.follow('Credentials');
    await page.getByRole('button', { name: 'Add credential' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Secret').fill('xai-second-key-0001');
    await dialog.getByLabel('Label').fill('Second');
    await dialog.getByLabel('Monthly budget').fill('12.5');
    await dialog.getByLabel('Requests a second').fill('7');
    await his.expectAccessible();
    await dialog.getByRole('button', { name: 'Add credential' }).click();
    const row = page.getByRole('row', { name: 'Second' });
    await row.getByText('…0001').waitFor();
    await row.getByText('/ $12.50').waitFor();
    await row.getByRole('button', { name: 'Test' }).click();
    await page.getByText('Second works.').waitFor();
    await his.expectAccessible();

    await row.getByRole('button', { name: 'More actions for Second' }).click();
    await page.getByRole('menuitem', { name: 'Edit' }).click();
    expect(await dialog.getByLabel('Requests a second').inputValue()).toBe('7');
    await dialog.getByLabel('Proxy').fill('http://user:word@127.0.0.1:9');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await row.getByRole('button', { name: 'More actions for Second' }).click();
    await page.getByRole('menuitem', { name: 'Edit' }).click();
    expect(await dialog.getByLabel('Proxy').inputValue()).toMatch(/^http:\/\/127\.0\.0\.1:9\/?$/);
    await dialog.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'detached' });

    await row.getByRole('button', { name: 'More actions for Second' }).click();
    await page.getByRole('menuitem', { name: 'Disable' }).click();
    await row.getByText('Disabled').waitFor();
    await row.getByRole('button', { name: 'More actions for Second' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await row.waitFor({ state: 'detached' });
  });

  it('shows what rests and why, until it is cleared', async () => {
    const { page } = his;
    const model = 'grok-2';
    await system.simulator.addFault({
      match: { path: '/v1/chat/completions' },
      fault: { status: 429, headers: { 'retry-after': '60' }, body: 'slow down' },
    });
    const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }] });
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${system.baseUrl}/v1/chat/completions`, { method: 'POST', headers, body })).status).toBe(429);
    const row = page.getByRole('row').filter({ hasText: 'Environment' });
    await row.getByText('Cooling').first().waitFor();
    await his.expectAccessible();
    await row.getByRole('button', { name: /More actions/ }).click();
    await page.getByRole('menuitem', { name: 'Clear cooling' }).click();
    await eventually(() => row.getByText('Cooling').count()).toBe(0);
  });

  it('imports many, shown before and reported on afterwards', async () => {
    const { page } = his;
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog
      .getByLabel('Credentials')
      .fill('secret,label\nxai-import-key-0001,First\nxai-import-key-0001,Twin\nbad,Third');
    await dialog.getByText('3 found (text/csv)').waitFor();
    await his.expectAccessible();
    await dialog.getByRole('button', { name: 'Import 3' }).click();
    await dialog.getByText('Added 1').waitFor();
    await dialog.getByText('There already 1').waitFor();
    await dialog.getByRole('cell', { name: /printable ASCII/ }).waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('row', { name: 'First' }).waitFor();
  });

  it('shows every process and the last hour', async () => {
    const { page } = his;
    await his.follow('Overview');
    for (const service of ['api-gateway', 'chat', 'image', 'video-worker-1', 'callback-dispatcher', 'token-pool']) {
      await page.getByRole('table', { name: 'Processes' }).getByRole('row', { name: service }).waitFor();
    }
    // The second look of the gateway makes the first point.
    await page.getByRole('img', { name: /^Throughput, per minute/ }).waitFor({ timeout: 40_000 });
    for (const chart of ['Error rate', 'Tasks that wait', 'Age of the oldest task', 'First token', 'Spend per day']) {
      await page.getByRole('img', { name: chart }).waitFor();
    }
    await his.expectAccessible();
  });

  it('makes a client key, whose secret is shown once, and is closed from then on', async () => {
    const { page } = his;
    await his.follow('Client keys');
    await page.getByText('With the first client key it closes for good').waitFor();
    await page.getByRole('button', { name: 'Create key' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel('Name').fill('Carol');
    await form.getByLabel('Requests a minute').fill('600');
    await his.expectAccessible();
    await form.getByRole('button', { name: 'Create key' }).click();
    const secret = await page.getByRole('dialog').getByText(/^sk-/).textContent();
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('row', { name: 'Carol' }).getByText('600 a minute').waitFor();
    await eventually(() => his.pages()).toEqual(['Overview', 'Credentials', 'Client keys', 'Callbacks']);
    await his.expectAccessible();

    const hers = await ConsolePage.open(browser, system.baseUrl);
    await hers.signIn(secret ?? '');
    await hers.page.getByRole('heading', { level: 1, name: 'Play' }).waitFor();
    await page
      .getByRole('row', { name: 'Carol' })
      .getByRole('button', { name: /More actions/ })
      .click();
    await page.getByRole('menuitem', { name: 'Revoke' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('row', { name: 'Carol' }).getByText('Revoked').waitFor();
    await hers.follow('Tasks');
    await hers.page.getByRole('textbox', { name: 'Key' }).waitFor();
    await hers.close();
  });

  it('signs out', async () => {
    await his.page.getByTitle('Account').click();
    await his.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await his.page.getByRole('textbox', { name: 'Key' }).waitFor();
  });
});
