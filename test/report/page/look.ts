import { beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../../src/result/run-result.ts';
import { missingBrowser, type OpenedPage, type OpenPage } from '../../support/browser.ts';
import { comparisons } from '../comparison-fixture.ts';
import { HOSTILE, makeResult, results } from '../fixture.ts';
import { comparisonPage, runPage } from '../renderings.ts';

const DESKTOP = { viewport: { width: 1280, height: 800 }, colorScheme: 'light' } as const;
const PHONE = { viewport: { width: 360, height: 740 }, colorScheme: 'dark' } as const;

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
const OPEN_FOLDS = "for (const fold of document.querySelectorAll('details')) fold.open = true";

const small = (options: Parameters<typeof makeResult>[0] = {}) =>
  makeResult({ seconds: 4, clients: 4, rateHz: 40, ...options });

/** The most intervals and samples that a result keeps. */
const MOST = 600;

/** The result of ten hours, in which every list over time is as long as it gets. */
function longestRun(): RunResult {
  const made = makeResult({ seconds: 2, clients: 2, rateHz: 5 });
  const lengthMs = (10 * 3_600_000) / MOST;
  const repeat = <Item>(items: readonly Item[], at: (item: Item, index: number) => Item) =>
    Array.from({ length: MOST }, (_, index) => items[index % items.length] as Item).map(at);
  const processes = (each: RunResult['telemetry']['servers']) =>
    each.map((process) => ({
      ...process,
      samples: repeat(process.samples, (sample, index) => ({
        ...sample,
        atMs: (index + 1) * lengthMs,
        lengthMs,
      })),
    }));
  return {
    ...made,
    timing: { ...made.timing, measureMs: MOST * lengthMs },
    intervals: repeat(made.intervals, (interval, index) => ({
      ...interval,
      startMs: index * lengthMs,
      lengthMs,
    })),
    telemetry: {
      servers: processes(made.telemetry.servers),
      workers: processes(made.telemetry.workers),
    },
  };
}

/** What pages look like, and what they must not do. */
export function testLook(openPage: OpenPage): void {
  describe('the page in a browser', () => {
    let opened: OpenedPage;
    beforeAll(async () => {
      const all = [small(), small({ transport: 'polling', seed: 2 }), small({ scenario: 'ack-roundtrip' })];
      if (missingBrowser === null) opened = await openPage(runPage(...all), DESKTOP);
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
      const plot = opened.page.locator('.plot').first();
      await plot.locator('.u-over').hover({ position: { x: 150, y: 60 } });
      const tip = plot.locator('.tip');
      await tip.waitFor({ state: 'visible' });
      expect(await tip.innerText()).toMatch(
        /^[\d.]+ %\s+socketio websocket\s+[\d.,]+ \Ss\s+socketio polling\s+[\d.,]+ \Ss$/,
      );
    });

    it('isolates a run at a click on its name, and shows all again at the next', async () => {
      const legend = opened.page.locator('.legend').first();
      const runs = legend.getByRole('group', { name: 'Runs' });
      const pressed = () => runs.locator('[aria-pressed="true"]').allInnerTexts();
      const drawing = () => opened.page.evaluate("document.querySelector('canvas').toDataURL()");
      const both = await drawing();
      await legend.getByRole('button', { name: 'socketio polling' }).click();
      expect(await pressed()).toEqual(['socketio polling']);
      await expect.poll(drawing).not.toBe(both);
      await legend.getByRole('button', { name: 'socketio polling' }).click();
      expect(await pressed()).toEqual(['socketio websocket', 'socketio polling']);
      await expect.poll(drawing).toBe(both);
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
      await page.close();
    });

    it('begins with the verdict, never scrolls sideways on a phone, and runs nothing of a hostile name', async () => {
      const runs = [results.hostile(), small({ seconds: 1 })];
      const { page, logged } = await openPage(runPage(...runs), PHONE);
      expect(logged).toEqual([]);
      expect(await page.evaluate('globalThis.hacked')).toBeUndefined();
      expect(await page.locator('img, header b').count()).toBe(0);
      expect((await page.locator('body').innerText()).trim()).toMatch(/^1 of 2 INVALID /);
      expect(await page.getByText(HOSTILE.slice(0, HOSTILE.indexOf('\n'))).count()).toBeGreaterThan(1);
      for (const step of ['0', OPEN_FOLDS]) {
        await page.evaluate(step);
        for (const width of [360, 320]) {
          await page.setViewportSize({ ...PHONE.viewport, width });
          // Charts follow the width a moment later.
          await expect.poll(() => page.evaluate(OVERFLOW)).toBe(0);
        }
      }
      await page.close();
    });

    it('opens for a run of ten hours, which has the most intervals', async () => {
      const long = await openPage(runPage(longestRun()), DESKTOP);
      expect(long.logged).toEqual([]);
      const coloured = (await long.page.evaluate(COLOURED_PIXELS)) as number[];
      expect(coloured.length).toBeGreaterThan(5);
      expect(Math.min(...coloured)).toBeGreaterThan(100);
      await long.page.close();
    });

    it('has all its tables without JavaScript', async () => {
      const { page } = await openPage(runPage(small()), { javaScriptEnabled: false });
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

    it('of a comparison requests nothing, runs nothing of a hostile name, and draws its points', async () => {
      const { page, logged, requests } = await openPage(comparisonPage(comparisons.hostile()), PHONE);
      expect(logged).toEqual([]);
      expect(requests).toEqual([page.url()]);
      expect(await page.evaluate('globalThis.hacked')).toBeUndefined();
      expect((await page.locator('body').innerText()).trim()).toMatch(/^REGRESSED .* is 1\.40x slower than /);
      // A point of the base and of the head in each of five rounds.
      expect(await page.locator('.panel svg').first().locator('g:visible').count()).toBe(10);
      expect(Math.min(...((await page.evaluate(COLOURED_PIXELS)) as number[]))).toBeGreaterThan(100);
      await page.evaluate(OPEN_FOLDS);
      await expect.poll(() => page.evaluate(OVERFLOW)).toBe(0);
      await page.close();
    });
  });
}
