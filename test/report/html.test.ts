import { readdirSync } from 'node:fs';
import { Script } from 'node:vm';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { LineGroup } from '../../src/report/charts.ts';
import { inlineCode, joinModules } from '../../src/report/render/page/document.ts';
import { comparisons, makeComparison } from './comparison-fixture.ts';
import { makeResult, results } from './fixture.ts';
import { mainOf } from './main-of.ts';
import { comparisonPage, runPage } from './renderings.ts';

/** The chart groups that the page hands to its script. */
function chartData(html: string) {
  const groups = html.matchAll(/lines" data-level="\d">\s*<script type="text\/plain">(.*?)<\/script>/gs);
  return [...groups].map(([, packed = '']) => {
    const json = gunzipSync(Buffer.from(packed, 'base64')).toString();
    const { xs, ...group } = JSON.parse(json) as LineGroup & { readonly xs: readonly number[][] };
    const charts = group.charts.map((chart) => ({
      ...chart,
      // Lists of x values stand in the page once.
      lines: chart.lines.map((line) => ({ ...line, x: xs[Number(line.x)] ?? [] })),
    }));
    return { ...group, charts };
  });
}

describe('the page', () => {
  it('has no end tag of a script or style in its text', () => {
    const html = runPage(results.hostile());
    // The data of the charts, uPlot, and the scripts of charts and page.
    expect(html.match(/<\/script/g)).toHaveLength(4);
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=&quot;globalThis.hacked=1&quot;&gt;');
    expect(inlineCode('var a = "</script>"; /* </style> */')).toBe('var a = "<\\/script>"; /* <\\/style> */');
  });

  it('of nine runs of a minute is below 250 kB with room for their data', () => {
    const scenarios = ['broadcast-latency', 'room-fanout', 'ack-roundtrip'] as const;
    const nine = scenarios.flatMap((scenario) => {
      const made = makeResult({ scenario, clients: 4, rateHz: 10, seconds: 60 });
      const { plan, intervals } = made;
      // Each second of the others is another one, so that no line is like another.
      const turned = (by: number) =>
        intervals.map((interval, index) => ({
          ...interval,
          series: intervals[(index + by) % intervals.length]?.series ?? {},
        }));
      return [0, 17, 31].map((by) => ({
        ...made,
        plan: { ...plan, target: { ...plan.target, name: `target-${by}` } },
        intervals: turned(by),
      }));
    });
    // The rest is for data to download, up to the limit.
    expect(Buffer.byteLength(runPage(...nine))).toBeLessThan(220_000);
  });

  it('has only the scripts and styles that its charts need', () => {
    const parts = (html: string) => [html.match(/<script>/g)?.length ?? 0, html.match(/<style>/g)?.length];
    expect(parts(runPage(results.empty()))).toEqual([1, 3]);
    expect(parts(runPage(results.valid()))).toEqual([3, 6]);
    expect(parts(comparisonPage(comparisons.regressed()))).toEqual([3, 7]);
    expect(runPage(results.valid())).not.toContain('dotsSvg');
  });

  it('joins the modules of the charts into a script that can be read', () => {
    const modules = readdirSync('src/report/render/page/charts').filter((name) => name.endsWith('.js'));
    const code = joinModules([...modules.map((name) => name.slice(0, -3)), '../live/live']);
    expect(() => new Script(code)).not.toThrow();
    expect(code).not.toMatch(/^(import|export) |^\s*(\/\/|\/?\*\*?)/m);
    // A second function of a name would silently replace the first.
    const names = [...code.matchAll(/^(?:async )?function (\w+)/gm)].map(([, name]) => name);
    expect(names.filter((name, index) => names.indexOf(name) < index)).toEqual([]);
  });

  it('names no address', () => {
    expect(mainOf(runPage(results.valid()))).not.toMatch(/\b(https?:)?\/\/\w/);
  });

  it('has a section for each scenario, with its runs on the same charts', () => {
    const all = [results.valid(), results.ack(), results.polling()];
    const data = chartData(runPage(...all));
    expect(data.map(({ runs }) => runs)).toEqual([
      [
        { label: 'socketio websocket', colour: 0 },
        { label: 'socketio polling', colour: 1 },
      ],
      [{ label: 'socketio websocket', colour: 0 }],
    ]);
    expect(data[0]?.charts.map(({ title }) => title)).toEqual([
      'Latency by percentile',
      'Latency over time',
      'Last receiver over time',
      'CPU',
      'Event-loop delay, p99',
      'Memory (RSS)',
    ]);
    // What does not change is text.
    expect(data[0]?.flat).toEqual([
      ['Sent', '100/s'],
      ['Delivered', '2,000/s'],
    ]);
    expect(data[1]?.charts.map(({ title }) => title)).not.toContain('Last receiver over time');
  });

  it('numbers runs that are alike', () => {
    const data = chartData(runPage(results.valid(), results.invalid()));
    expect(data[0]?.runs.map(({ label }) => label)).toEqual(['socketio websocket', 'socketio websocket (2)']);
  });

  it('ends the line of percentiles where the samples do, on the value of the table', () => {
    const [section] = chartData(runPage(results.valid()));
    const line = section?.charts[0]?.lines[0];
    expect(line?.x.at(-1)).toBe(100);
    expect(line?.y.at(-1)).toBeCloseTo(3.954687, 3);
  });

  it('draws loss only when there is some', () => {
    const lost = chartData(runPage(results.invalid()))[0]?.charts.find(({ title }) => title === 'Lost');
    expect(lost?.lines[0]?.y).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 7]);
  });

  it('adds up the generator processes', () => {
    const [one, two] = [1, 2].map((workers) => {
      const [section] = chartData(runPage(makeResult({ seconds: 2, workers })));
      return section?.charts
        .find(({ title }) => title === 'Memory (RSS)')
        ?.lines.find(({ label }) => label === 'generator');
    });
    expect(two?.x).toEqual(one?.x);
    expect(two?.y[0]).toBeCloseTo(2 * (one?.y[0] ?? Number.NaN), 3);
  });

  it('has tables but no charts for a run that recorded nothing', () => {
    const html = runPage(results.empty());
    expect(chartData(html)).toEqual([]);
    expect(mainOf(html)).not.toContain('class="legend"');
    expect(html).toContain('<caption>Plan</caption>');
  });

  it('lists the receivers with anomalies, the worst twenty', () => {
    const account = {
      receiver: 17,
      sender: 0,
      stream: 0,
      expected: 9,
      delivered: 8,
      late: 0,
      lost: 1,
      missed: 0,
      duplicated: 0,
      reordered: 0,
      corrupted: 0,
    };
    const valid = results.valid();
    const ledger = {
      ...valid.ledger,
      anomalies: Array.from({ length: 30 }, () => account),
      anomalyCount: 41,
    };
    const html = runPage({ ...valid, ledger });
    expect(html.match(/<th scope="row">17<td>/g)).toHaveLength(20);
    expect(html).toContain('the worst 20 of 41 receivers; the stored result holds 30');
  });
});

const page = (name: keyof typeof comparisons) => comparisonPage(comparisons[name]());

/** The panels of a figure, one for each metric that has points. */
const panels = (html: string) => html.match(/<div class="panel">.*?<\/div>/gs) ?? [];

describe('the page of a comparison', () => {
  it('begins with the verdict, in its colour', () => {
    const [, severity, heading = ''] =
      /<main>\s*<header class="(\w+)">\s*<h1>(.*?)<\/h1>/.exec(page('regressed')) ?? [];
    expect(severity).toBe('bad');
    expect(heading.replaceAll(/<[^>]*>/g, '')).toMatch(
      /^REGRESSED head is 1\.40x slower than base \(delivery p50 1\.71 ms vs 1\.21 ms, 93\.8 % CI 1\.33-1\.48\);/,
    );
    expect(page('ok')).toContain('<title>OK: head vs base, broadcast-latency - sockbench</title>');
  });

  it('draws every metric with values twice: the values of each round, and their ratios', () => {
    // Two metrics gate by ratio, five are informational; nothing was lost.
    expect(panels(page('ok'))).toHaveLength(14);
    // A count has no ratio, but is drawn where it is not zero.
    const [, , , , lost] = panels(page('regressed'));
    expect(panels(page('regressed'))).toHaveLength(15);
    expect(lost).toContain('lost of base and head in each round');
  });

  it('has a mark for each arm in each round, with its values as text', () => {
    const [values = '', ratios = ''] = panels(page('ok'));
    expect(
      values.match(/<title>round \d: base [\d.]+ ms, head [\d.]+ ms, ratio [\d.]+<\/title>/g),
    ).toHaveLength(10);
    expect(values.match(/class="dot"/g)).toHaveLength(10);
    // Five rounds and the estimate.
    expect(ratios.match(/class="dot"/g)).toHaveLength(6);
    expect(ratios).toContain('<title>estimate 1.01, bounds 0.97 and 1.04</title>');
  });

  it('draws an excluded pair that was measured hollow, and lists why it is excluded', () => {
    const comparison = makeComparison({ rounds: 6, excluded: 1 });
    const excludedPoints = { 'delivery.p50': [{ round: 1, base: 1.2e6, head: 1.7e6 }] };
    const heads = comparison.judgement.heads.map((pair) => ({ ...pair, excludedPoints }));
    const html = comparisonPage({ ...comparison, judgement: { ...comparison.judgement, heads } });
    const [values = ''] = panels(html);
    expect(values.match(/class="hollow"/g)).toHaveLength(2);
    expect(values).toMatch(/<title>round 1: base .*, excluded<\/title>/);
    expect(html).toContain('<li>round 1: head: server_died: the server exited with code 1');
    expect(html).toContain('excluded: server_died');
  });

  it('has tables of metrics, of every round, of design and environment', () => {
    const captions = [...page('ok').matchAll(/<caption[^>]*>(.*?)<\/caption>/g)].map(([, caption = '']) =>
      caption.replace(/<a .*/, ''),
    );
    expect(captions).toEqual(['Metrics', 'Every round', 'Design', 'Environment']);
  });

  it('gives the script the merged percentiles of every arm', () => {
    expect(chartData(page('several'))).toMatchObject([
      {
        runs: [
          { label: 'ws', colour: 0 },
          { label: 'socketio', colour: 1 },
          { label: 'socketio polling', colour: 2 },
        ],
        charts: [{ title: 'Latency by percentile', lines: [{ run: 0 }, { run: 1 }, { run: 2 }] }],
      },
    ]);
  });

  it('shows no number where there is none', () => {
    const invalid = comparisons.invalid();
    for (const comparison of [invalid, { ...invalid, rounds: [] }]) {
      const html = comparisonPage(comparison);
      expect(mainOf(html)).not.toMatch(/NaN|Infinity|undefined/);
      expect(panels(html)).toEqual([]);
    }
  });

  it('escapes hostile names', () => {
    const html = page('hostile');
    expect(html.match(/<\/script/g)).toHaveLength(4);
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=&quot;globalThis.hacked=1&quot;&gt;');
  });

  it('names no address', () => {
    expect(mainOf(page('several'))).not.toMatch(/\b(https?:)?\/\/\w/);
  });
});
