import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TimeMark } from '../../../src/report/charts.ts';
import { runChartGroup } from '../../../src/report/content/run-chart-group.ts';
import { htmlDocument } from '../../../src/report/render/page/document.ts';
import { chartGroupHtml } from '../../../src/report/render/page/figures.ts';
import type { RunResult } from '../../../src/result/run-result.ts';
import { viewResult } from '../../../src/result/view.ts';
import { missingBrowser, type OpenedPage, type OpenPage } from '../../support/browser.ts';
import { temporaryFolder } from '../../support/sockbench.ts';
import { comparisons } from '../comparison-fixture.ts';
import { makeResult, results } from '../fixture.ts';
import { comparisonPage, runPage } from '../renderings.ts';

const opened: OpenedPage[] = [];
let page: Page;

/** A run of ten seconds with a long GC pause, a stall, losses and disconnects. */
function eventful(): RunResult {
  const result = makeResult({ seconds: 10, clients: 4, rateHz: 20, lost: 7 });
  const servers = result.telemetry.servers.map((server) => ({
    ...server,
    samples: server.samples.map((sample, index) =>
      index === 6 ? { ...sample, gcMaxMs: 42, loopDelayMaxNs: 81e6 } : sample,
    ),
  }));
  return {
    ...result,
    disconnects: [{ atMs: 4000, count: 3 }],
    telemetry: { ...result.telemetry, servers },
  };
}

const evenOnly = (value: number | null, index: number) => (index % 2 === 0 ? value : null);

const figure = (title: string) =>
  page.locator('figure').filter({ has: page.getByRole('heading', { name: title }) });
const drawing = (title: string) =>
  page.evaluate(
    `[...document.querySelectorAll('figure')].find((each) => each.textContent.startsWith(${JSON.stringify(title)})).querySelector('canvas').toDataURL()`,
  );
const resetButton = () => page.getByRole('button', { name: 'Reset zoom' });

/** Moves the pointer from one place of a plot to another, as shares of its width, with the button down. */
async function drag(plot: Locator, from: number, to: number): Promise<void> {
  await plot.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await plot.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(x + from * width, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + to * width, y + height / 2, { steps: 4 });
  await page.mouse.up();
}

/** What a reader does with charts. */
export function testCharts(openHtml: OpenPage): void {
  async function openPage(html: string): Promise<Page> {
    const next = await openHtml(html, { viewport: { width: 1200, height: 900 }, hasTouch: true });
    next.page.setDefaultTimeout(10_000);
    opened.push(next);
    return next.page;
  }

  beforeAll(async () => {
    if (missingBrowser === null) page = await openPage(runPage(eventful()));
  });

  describe('charts', () => {
    it('a drag zooms all charts over time, and a button, a double click and Escape zoom out', async () => {
      const [cpu, percentiles] = [await drawing('CPU'), await drawing('Latency by percentile')];
      const plot = figure('Latency over time').locator('.u-over');
      for (const zoomOut of [
        () => resetButton().click(),
        () => plot.dblclick({ position: { x: 40, y: 90 } }),
        () => page.keyboard.press('Escape'),
      ]) {
        await drag(plot, 0.4, 0.8);
        expect(await resetButton().innerText()).toMatch(
          /^Reset zoom \([2-4](\.\d+)? s to [6-8](\.\d+)? s\)$/,
        );
        await expect.poll(() => drawing('CPU')).not.toBe(cpu);
        expect(await drawing('Latency by percentile')).toBe(percentiles);
        await figure('Latency over time').locator('.plot').focus();
        await zoomOut();
        await expect.poll(() => drawing('CPU')).toBe(cpu);
        expect(await resetButton().count()).toBe(0);
      }
    });

    it('a touch shows the values of a moment, and a finger that moves sideways zooms', async () => {
      const plot = figure('Memory').locator('.u-over');
      await plot.scrollIntoViewIfNeeded();
      const { x, y, width, height } = (await plot.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
      await page.touchscreen.tap(x + width / 2, y + height / 2);
      const tip = figure('Memory').locator('.tip');
      await tip.waitFor({ state: 'visible' });
      expect(await tip.innerText()).toMatch(/^[\d.]+ s\s+server\s/);
      const session = await page.context().newCDPSession(page);
      const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', share: number) =>
        session.send('Input.dispatchTouchEvent', {
          type,
          touchPoints: type === 'touchEnd' ? [] : [{ x: x + share * width, y: y + height / 2 }],
        });
      await touch('touchStart', 0.4);
      for (const share of [0.5, 0.6, 0.7, 0.8]) await touch('touchMove', share);
      await touch('touchEnd', 0.8);
      expect(await resetButton().innerText()).toMatch(/^Reset zoom \([2-4](\.\d+)? s to [6-8](\.\d+)? s\)$/);
      await resetButton().click();
    });

    it('a cursor is shown in all charts over time, its values beside one plot and never over it', async () => {
      const plot = figure('CPU').locator('.u-over');
      await plot.hover({ position: { x: 200, y: 60 } });
      const tip = figure('CPU').locator('.tip');
      await tip.waitFor({ state: 'visible' });
      expect(await tip.innerText()).toMatch(/^[\d.]+ s\s+server\s+[\d.]+ %\s+generator\s+[\d.]+ %/);
      const [over, values] = [await plot.boundingBox(), await tip.boundingBox()];
      if (over === null || values === null) throw new Error('the plot and its values are visible');
      expect(values.y >= over.y + over.height || values.y + values.height <= over.y).toBe(true);
      const cursors = page.locator('.u-cursor-x:not(.u-off)');
      // All over time, one of them the heat map.
      await expect.poll(() => cursors.count()).toBeGreaterThan(4);
      expect(await page.locator('.tip:visible').count()).toBe(1);
    });

    it('arrow keys read values, plus zooms in, and minus zooms out', async () => {
      const plot = figure('Memory').locator('.plot');
      await plot.focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      const tip = figure('Memory').locator('.tip');
      await tip.waitFor({ state: 'visible' });
      const second = await tip.innerText();
      await page.keyboard.press('ArrowLeft');
      expect(await tip.innerText()).not.toBe(second);
      await page.keyboard.press('+');
      await resetButton().waitFor({ state: 'visible' });
      await page.keyboard.press('-');
      await page.keyboard.press('-');
      expect(await resetButton().count()).toBe(0);
    });

    it('percentiles are picked, and the table of a chart has those that are shown', async () => {
      const chart = figure('Latency over time');
      await chart.getByText('Table', { exact: true }).click();
      await chart.locator('thead').waitFor();
      const headings = () => chart.locator('thead th').allInnerTexts();
      expect(await headings()).toEqual(['time', 'p50', 'p99', 'max']);
      const picker = page.getByRole('group', { name: 'Percentiles' });
      await picker.getByRole('button', { name: 'p95' }).click();
      expect(await headings()).toEqual(['time', 'p50', 'p95', 'p99', 'max']);
      await picker.getByRole('button', { name: 'p95' }).click();
      expect(await headings()).toEqual(['time', 'p50', 'p99', 'max']);
      expect(await chart.locator('tbody tr').first().innerText()).toMatch(/^0\.5 s\s+1\.\d+ ms\s+\d/);
    });

    it('a click on the key of a line isolates it, and the next shows all', async () => {
      const key = figure('CPU').getByRole('button', { name: 'server' });
      const pressed = () => figure('CPU').locator('.keys [aria-pressed="true"]').allInnerTexts();
      await key.click();
      expect(await pressed()).toEqual(['server']);
      await key.click();
      expect(await pressed()).toEqual(['server', 'generator']);
    });

    it('marks for pauses, stalls, losses and disconnects are on every chart over time, and can be hidden', async () => {
      const marks = page.getByRole('group', { name: 'Marks' });
      expect(
        (await marks.getByRole('button').allInnerTexts()).map((text) => text.replace(/^\S+ /, '')),
      ).toEqual(['GC pauses (1)', 'stalls (1)', 'losses (1)', 'disconnects (1)']);
      const before = [await drawing('CPU'), await drawing('Memory')];
      await marks.getByRole('button', { name: 'disconnects' }).click();
      await expect.poll(() => drawing('CPU')).not.toBe(before[0]);
      await expect.poll(() => drawing('Memory')).not.toBe(before[1]);
      await marks.getByRole('button', { name: 'disconnects' }).click();
    });

    it('each chart is downloaded as PNG and as SVG, with its title and what it shows', async () => {
      const save = async (of: Locator, name: string, from = page) => {
        const [download] = await Promise.all([
          from.waitForEvent('download'),
          of.getByRole('button', { name }).click(),
        ]);
        const path = join(temporaryFolder(), download.suggestedFilename());
        await download.saveAs(path);
        return { name: download.suggestedFilename(), bytes: readFileSync(path) };
      };
      const svg = await save(figure('Latency over time'), 'SVG');
      expect(svg.name).toBe('latency-over-time-ms.svg');
      const text = svg.bytes.toString();
      expect(text).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="\d+" height="\d+"/);
      expect(text.match(/<path d="M/g)).toHaveLength(3);
      expect(text).toContain('>Latency over time, ms<');
      expect(text).toContain('>GC pause of 42.0 ms, server<');
      expect(text).not.toMatch(/NaN|undefined|var\(/);
      expect(text).not.toContain('<circle');
      const png = await save(figure('Latency heat map'), 'PNG');
      expect(png.name).toBe('latency-heat-map-ms-logarithmic.png');
      expect(png.bytes.subarray(1, 4).toString()).toBe('PNG');
      // Twice as wide as the plot on the page.
      expect(png.bytes.readUInt32BE(16)).toBeGreaterThan(2000);
      const comparison = await openPage(comparisonPage(comparisons.ok()));
      const dots = await save(comparison.locator('.dots figure').first(), 'SVG', comparison);
      expect(dots.bytes.toString()).toMatch(/<title>round 1: base 1\.\d+ ms/);
      expect(dots.bytes.toString()).not.toMatch(/var\(|class=/);
      await comparison.close();
    });

    it('marks that lie close together are one with their number, and points between gaps are dots', async () => {
      const group = runChartGroup([viewResult(eventful())], [{ label: 'ws', colour: 0 }], 1);
      const charts = group.charts
        .filter(({ title }) => title === 'Latency over time')
        .map((chart) => ({
          ...chart,
          lines: chart.lines.map((line) => ({ ...line, y: line.y.map(evenOnly) })),
        }));
      const stall = (atS: number): TimeMark => {
        return { kind: 'stall', run: 0, fromS: atS, toS: atS, text: `stall at ${atS}` };
      };
      const cut = { kind: 'disruption', run: 0, fromS: 2, toS: 8, text: 'half of the clients cut' } as const;
      const marks = [cut, ...[5.51, 5.52, 5.53, 9].map(stall)];
      const crowded = await openPage(
        htmlDocument('Crowded', chartGroupHtml({ ...group, charts, heatMap: null, marks }, 3)),
      );
      const svg = async () => {
        const [download] = await Promise.all([
          crowded.waitForEvent('download'),
          crowded.getByRole('button', { name: 'SVG' }).click(),
        ]);
        return readFileSync(await download.path(), 'utf8');
      };
      const labels = (text: string) => [...text.matchAll(/>([▲■][^<]*)</g)].map(([, label]) => label);
      const whole = await svg();
      expect(labels(whole)).toEqual(['▲ half of the clients cut', '■3', '■']);
      expect(whole).toContain('<title>stall at 5.51\nstall at 5.52\nstall at 5.53</title>');
      // Of p50, p99 and max, which are shown.
      const points = Math.ceil((charts[0]?.lines[0]?.x.length ?? 0) / 2);
      expect(whole.match(/<circle/g)).toHaveLength(3 * points);
      const over = crowded.locator('.u-over');
      const { width = 0 } = (await over.boundingBox()) ?? {};
      await over.hover({ position: { x: 0.55 * width, y: 60 } });
      expect(await crowded.locator('.tip').innerText()).toMatch(
        /half of the clients cut\s+2 s to 8 s\s+stall at 5.51\s+5.51 s/,
      );
      // Around the cursor, at 5.5 s.
      await crowded.locator('.plot').focus();
      for (let times = 0; times < 7; times++) await crowded.keyboard.press('+');
      expect(labels(await svg()).filter((label) => label === '■')).toHaveLength(3);
      await crowded.close();
    });

    it('nothing is logged, and a run without charts has no script for them', () => {
      expect(opened.flatMap(({ logged }) => logged)).toEqual([]);
      expect(runPage(results.empty())).not.toContain('uPlot');
    });
  });
}
