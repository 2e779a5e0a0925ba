import { beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/result/run-result.ts';
import { missingBrowser, type OpenedPage, useBrowser } from '../support/browser.ts';
import { makeLongRun } from '../support/long-run.ts';
import { comparisons } from './comparison-fixture.ts';
import { HOSTILE, results } from './fixture.ts';
import { comparisonPage, runPage } from './renderings.ts';

const openPage = useBrowser();

interface Screen {
  readonly width: number;
  readonly height: number;
  readonly colorScheme: 'light' | 'dark';
}

/** Opens the page of some results on a screen. */
function open(given: readonly RunResult[], screen: Screen): Promise<OpenedPage> {
  return openHtml(runPage(...given), screen);
}

function openHtml(html: string, { width, height, colorScheme }: Screen): Promise<OpenedPage> {
  return openPage(html, { viewport: { width, height }, colorScheme });
}

const DESKTOP = { width: 1280, height: 800, colorScheme: 'light' } as const;
const PHONE = { width: 360, height: 740, colorScheme: 'dark' } as const;

/** For each canvas of the page, how many of its pixels are neither transparent nor like the first one drawn. */
const COLOURED_PIXELS = `[...document.querySelectorAll('canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let coloured = 0;
  for (let i = 0; i < data.length; i += 4) {
    const spread = Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]);
    if (data[i + 3] > 200 && spread > 60) coloured += 1;
  }
  return coloured;
})`;

/** How far the page is wider than its window. */
const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

describe('the page in a browser', () => {
  let opened: OpenedPage;
  beforeAll(async () => {
    if (missingBrowser === null)
      opened = await open([results.valid(), results.polling(), results.ack()], DESKTOP);
  });

  it('opens from disk, logs nothing and requests nothing but itself', () => {
    expect(opened.logged).toEqual([]);
    expect(opened.requests).toEqual([opened.page.url()]);
  });

  it('draws lines in every chart', async () => {
    const coloured = (await opened.page.evaluate(COLOURED_PIXELS)) as number[];
    // Seven of the broadcasts, and as many of the requests but that of the last receiver.
    expect(coloured).toHaveLength(7 + 6);
    expect(Math.min(...coloured)).toBeGreaterThan(100);
  });

  it('shows the values under the pointer', async () => {
    await opened.page
      .locator('.plot .u-over')
      .first()
      .hover({ position: { x: 150, y: 60 } });
    const tip = opened.page.locator('.plot .tip').first();
    await tip.waitFor({ state: 'visible' });
    expect(await tip.innerText()).toMatch(
      /^[\d.]+ %\s+socketio websocket\s+[\d.]+ ms\s+socketio polling\s+[\d.]+ ms$/,
    );
  });

  it('isolates a run at a click on its name, and shows all again at the next', async () => {
    const legend = opened.page.locator('.legend').first();
    const pressed = () =>
      legend.getByRole('group', { name: 'Runs' }).locator('[aria-pressed="true"]').allInnerTexts();
    const drawing = () => opened.page.evaluate("document.querySelector('canvas').toDataURL()");
    const both = await drawing();
    await legend.getByRole('button', { name: 'socketio polling' }).click();
    expect(await pressed()).toEqual(['socketio polling']);
    await expect.poll(drawing).not.toBe(both);
    await legend.getByRole('button', { name: 'socketio polling' }).click();
    expect(await pressed()).toEqual(['socketio websocket', 'socketio polling']);
    await expect.poll(drawing).toBe(both);
  });

  it('has the verdict as its first text', async () => {
    const { page } = await open([results.invalid()], DESKTOP);
    const text = await page.locator('body').innerText();
    expect(text.trim().split('\n')[0]).toBe('INVALID sent 80.1/s of 100/s; send lag p99 was 12 ms');
    await page.close();
  });

  it('never scrolls sideways on a phone, folds open or closed', async () => {
    const { page } = await open([results.valid(), results.hostile(), results.ack()], PHONE);
    const overflows = async () => {
      const found: unknown[] = [];
      for (const width of [360, 320]) {
        await page.setViewportSize({ ...PHONE, width });
        found.push(await page.evaluate(OVERFLOW));
      }
      return found;
    };
    expect(await overflows()).toEqual([0, 0]);
    for (const summary of await page.locator('summary').all()) await summary.click();
    expect(await overflows()).toEqual([0, 0]);
    await page.close();
  });

  it('is dark where the system is, charts included', async () => {
    const { page } = opened;
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const drawing = () => page.evaluate("document.querySelector('canvas').toDataURL()");
    const light = await drawing();
    expect(await background()).toBe('rgb(255, 255, 255)');
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await background()).toBe('rgb(20, 23, 27)');
    await expect.poll(drawing).not.toBe(light);
  });

  it('shows hostile names as text and runs nothing of them', async () => {
    const { page, logged } = await open([results.hostile()], DESKTOP);
    expect(logged).toEqual([]);
    expect(await page.evaluate('globalThis.hacked')).toBeUndefined();
    expect(await page.locator('img, header b').count()).toBe(0);
    const shown = HOSTILE.slice(0, HOSTILE.indexOf('\n'));
    expect(await page.locator('h1').innerText()).toContain(shown);
    expect(await page.locator('.of').first().innerText()).toContain(shown);
    await page.close();
  });

  it('opens for a run of ten hours, which has the most intervals', async () => {
    const long = await open([makeLongRun(10, 1)], DESKTOP);
    expect(long.logged).toEqual([]);
    const coloured = (await long.page.evaluate(COLOURED_PIXELS)) as number[];
    expect(coloured.length).toBeGreaterThan(5);
    expect(Math.min(...coloured)).toBeGreaterThan(100);
    await long.page.close();
  });

  it('has all its tables without JavaScript', async () => {
    const { page } = await openPage(runPage(results.valid()), { javaScriptEnabled: false });
    expect(await page.locator('caption').allTextContents()).toEqual([
      'Run',
      'Every series',
      'Processes',
      'Plan',
      'Environment',
    ]);
    expect(await page.locator('.tiles').count()).toBe(3);
    expect(await page.locator('noscript').innerText()).toContain('The charts need JavaScript');
    await page.close();
  });
});

describe('the page of a comparison in a browser', () => {
  it('requests nothing, runs nothing of a hostile name, draws its points, and never scrolls sideways', async () => {
    const html = comparisonPage(comparisons.hostile());
    const { page, logged, requests } = await openHtml(html, PHONE);
    expect(logged).toEqual([]);
    expect(requests).toEqual([page.url()]);
    expect(await page.evaluate('globalThis.hacked')).toBeUndefined();
    expect((await page.locator('body').innerText()).trim()).toMatch(/^REGRESSED .* is 1\.40x slower than /);
    // A point of the base and of the head in each of five rounds.
    expect(await page.locator('.panel svg').first().locator('g:visible').count()).toBe(10);
    expect(Math.min(...((await page.evaluate(COLOURED_PIXELS)) as number[]))).toBeGreaterThan(100);
    for (const summary of await page.locator('summary').all()) await summary.click();
    expect(await page.evaluate(OVERFLOW)).toBe(0);
    await page.close();
  });
});
