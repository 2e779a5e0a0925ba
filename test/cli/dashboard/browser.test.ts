import type { Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { violationsOf } from '../../support/axe.ts';
import { useChromium } from '../../support/browser.ts';
import { ANY_CPU, freePort, type Running, startSockbench, temporaryFolder } from '../../support/sockbench.ts';

/** Long enough to be stopped by the test when it has seen what it wants. */
const RUN = [
  ...['run', 'broadcast-latency', '--target', 'ws', '--clients', '4', '--rate', '50/s', '--duration', '60s'],
  ...['--warmup', '0s', '--warmup-max', '0s', '--drain', '1s', ...ANY_CPU],
];

const browser = useChromium();
let run: Running | null = null;
afterAll(() => {
  run?.child.kill('SIGKILL');
});

interface Opened {
  readonly page: Page;
  readonly running: Running;
  readonly url: string;
  /** What the page logged, and addresses of other servers that it requested. */
  readonly problems: string[];
}

async function openDashboard(): Promise<Opened> {
  const url = `http://127.0.0.1:${await freePort()}/`;
  const flags = [`--dashboard=${new URL(url).port}`, '--format', 'json', '--out', temporaryFolder()];
  const running = startSockbench([...RUN, ...flags]);
  run = running;
  await running.said(`dashboard: ${url}\n`);
  const page = await browser().newPage();
  const problems: string[] = [];
  page.on('console', (message) => problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) problems.push(request.url());
  });
  await page.goto(url);
  return { page, running, url, problems };
}

describe('the dashboard in a browser', () => {
  it('shows figures that move and charts, and ends as the report at the same address', async () => {
    const { page, running, url, problems } = await openDashboard();
    const sent = page.locator('.tile', { hasText: 'sent' }).locator('dd').first();
    const before = await sent.innerText();
    await sent.filter({ hasNotText: new RegExp(`^${before}$`) }).waitFor();
    const overTime = page.locator('#live-charts figure', { hasText: 'Latency over time' });
    await overTime.locator('canvas').waitFor();
    expect(await page.locator('#live-status').innerText()).toBe('measuring for 60s');
    expect(await page.title()).toMatch(/^\d+ % broadcast-latency over ws$/);
    expect(await violationsOf(page)).toEqual([]);
    running.child.kill('SIGINT');
    await page.locator('#live-header').waitFor({ state: 'detached' });
    const report = page.locator('main', { hasText: 'stopped by the user' });
    await report.waitFor();
    expect(await page.title()).toBe('broadcast-latency on ws - sockbench');
    expect(page.url()).toBe(url);
    const { stderr } = await running.ended;
    expect(stderr).toContain('wrote ');
    expect(problems).toEqual([]);
  });
});
