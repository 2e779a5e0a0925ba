import { describe, expect, it } from 'vitest';
import type { ChartGroup } from '../../src/report/charts.ts';
import { inlineCode } from '../../src/report/render/page/markup.ts';
import { makeResult, results } from './fixture.ts';
import { mainOf } from './main-of.ts';
import { runPage } from './renderings.ts';

type LineGroup = Extract<ChartGroup, { form: 'lines' }>;

/** The chart groups that the page hands to its script. */
function chartData(html: string) {
  const groups = html.matchAll(/<script type="application\/json">(.*?)<\/script>/gs);
  return [...groups].map(([, json = '']) => JSON.parse(json) as LineGroup);
}

describe('the page', () => {
  it('ends no script or style but its own', () => {
    const html = runPage(results.hostile());
    expect(html.match(/<\/script/g)).toHaveLength(3);
    expect(html.match(/<\/style/g)).toHaveLength(3);
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=&quot;globalThis.hacked=1&quot;&gt;');
    expect(inlineCode('var a = "</script>"; /* </style> */')).toBe('var a = "<\\/script>"; /* <\\/style> */');
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
      'Sent',
      'Delivered',
      'CPU',
      'Event-loop delay, p99',
      'Memory (RSS)',
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
      duplicated: 0,
      reordered: 0,
    };
    const valid = results.valid();
    const ledger = {
      ...valid.ledger,
      anomalies: Array.from({ length: 30 }, () => account),
      anomalyCount: 41,
    };
    const html = runPage({ ...valid, ledger });
    expect(html.match(/<th scope="row">17<\/th>/g)).toHaveLength(20);
    expect(html).toContain('the worst 20 of 41 receivers; the stored result holds 30');
  });
});
