import { describe, expect, it } from 'vitest';
import { comparisons, makeComparison } from './comparison-fixture.ts';
import { mainOf } from './main-of.ts';
import { comparisonPage } from './renderings.ts';

const page = (name: keyof typeof comparisons) => comparisonPage(comparisons[name]());

/** The panels of a figure, one for each metric that has points. */
const panels = (html: string) => html.match(/<div class="panel">.*?<\/div>/gs) ?? [];

describe('the page of a comparison', () => {
  it('begins with the verdict, in its colour', () => {
    expect(page('regressed')).toMatch(
      /<main>\s*<header class="bad"><h1>REGRESSED: delivery\.p50 1\.40x \(1\.33-1\.48\), 1\.2 ms -&gt; 1\.68 ms;/,
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

  it('has a mark for either arm in each round, with its figures as text', () => {
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
    const measured = comparison.rounds[1]?.runs.find(({ arm }) => arm === 1)?.result ?? null;
    const rounds = comparison.rounds.map((round, index) =>
      index === 0
        ? { ...round, runs: round.runs.map((run) => (run.arm === 1 ? { ...run, result: measured } : run)) }
        : round,
    );
    const html = comparisonPage({ ...comparison, rounds });
    const [values = ''] = panels(html);
    expect(values.match(/class="hollow"/g)).toHaveLength(2);
    expect(values).toMatch(/<title>round 1: base .*, excluded<\/title>/);
    expect(html).toContain('<li>round 1: head: server_died: the server exited with code 1</li>');
    expect(html).toContain('excluded: server_died');
  });

  it('has tables of metrics, of every round, of design and environment', () => {
    const captions = [...page('ok').matchAll(/<caption[^>]*>(.*?)<\/caption>/g)].map(
      ([, caption]) => caption,
    );
    expect(captions).toEqual(['Metrics', 'Every round', 'Design', 'Environment']);
  });

  it('hands the script the merged percentiles of every arm', () => {
    const [, json = ''] = /<script type="application\/json">(.*?)<\/script>/s.exec(page('several')) ?? [];
    const data: unknown = JSON.parse(json);
    expect(data).toMatchObject({
      runs: [
        { label: 'ws', colour: 0 },
        { label: 'socketio', colour: 1 },
        { label: 'socketio polling', colour: 2 },
      ],
      charts: [{ title: 'Latency by percentile', lines: [{ run: 0 }, { run: 1 }, { run: 2 }] }],
    });
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
    expect(html.match(/<\/script/g)).toHaveLength(3);
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=&quot;globalThis.hacked=1&quot;&gt;');
  });

  it('names no address', () => {
    expect(mainOf(page('several'))).not.toMatch(/\b(https?:)?\/\/\w/);
  });
});
