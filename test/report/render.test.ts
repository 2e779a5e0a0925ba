import { describe, expect, it } from 'vitest';
import { type Block, detailsBlock, type Report } from '../../src/report/blocks.ts';
import { column, tabulate } from '../../src/report/content/table.ts';
import { renderHtml } from '../../src/report/render/html.ts';
import { renderMarkdown } from '../../src/report/render/markdown.ts';
import { renderText } from '../../src/report/render/text.ts';
import { HOSTILE } from './fixture.ts';
import { mainOf } from './main-of.ts';

interface Row {
  readonly name: string;
  readonly valueNs: number;
}

const ROWS: readonly Row[] = [
  { name: 'ws', valueNs: 1.2e6 },
  { name: 'socketio', valueNs: 3.4e6 },
];

const TABLE = tabulate<Row>(
  [
    column('name', 'target', 'text', 'server', ({ name }) => name),
    column('value', 'p50', 'duration', 'half of the values are at or below it', ({ valueNs }) => valueNs),
    { ...column<Row>('why', 'reasons', 'text', 'why', ({ name }) => `because of ${name}`), isProse: true },
  ],
  ROWS,
);

/** A report with one block of each kind. */
const REPORT: Report = {
  title: 'a & b',
  footer: 'Measured <today>.',
  blocks: [
    { kind: 'verdict', severity: 'warning', text: 'OK: a < b', notes: ['next: measure *longer*'] },
    { kind: 'heading', text: 'a vs b' },
    { kind: 'text', text: '20 clients' },
    {
      kind: 'table',
      title: 'Latency',
      table: { ...TABLE, rows: [...TABLE.rows, ['informational'], ['bun', '0.900', 'a | b']] },
      notes: ['p99 needs 1,000 broadcasts'],
      colours: [0, 1],
      invalid: [false, true],
    },
    {
      kind: 'facts',
      title: 'Run',
      facts: [
        ['rate', '100/s'],
        ['warm-up', '2s'],
      ],
    },
    { kind: 'notes', notes: ['first', 'second'] },
    { kind: 'charts', title: 'Rounds', group: { form: 'dots', charts: [] }, text: ['o  |', ' oo|'] },
    ...detailsBlock('Output', 'text', [{ kind: 'lines', title: 'Output', lines: ['  Error: `x`', '<end>'] }]),
    ...detailsBlock('Plan', 'markdown', [{ kind: 'text', text: 'only where there are folds' }]),
    ...detailsBlock('Every round', 'html', [{ kind: 'text', text: 'only on the page' }]),
  ],
};

const one = (...blocks: readonly Block[]): Report => ({ title: '', footer: '', blocks });

describe('blocks', () => {
  it('become text without prose and folds', () => {
    expect(renderText(REPORT)).toMatchInlineSnapshot(`
      "OK: a < b
      next: measure *longer*

      a vs b
      20 clients

      Latency
      target    p50 ms
      ws          1.20
      socketio    3.40
      informational
      bun        0.900
      - p99 needs 1,000 broadcasts

      Run
      rate     100/s
      warm-up  2s
      - first
      - second

      Rounds
      o  |
       oo|

      Output
          Error: \`x\`
        <end>
      "
    `);
  });

  it('become Markdown with folds', () => {
    expect(renderMarkdown(REPORT)).toMatchInlineSnapshot(`
      "**OK: a &lt; b**

      - next: measure \\*longer\\*

      ### a vs b

      20 clients

      #### Latency

      | target | p50 ms | reasons |
      | --- | ---: | --- |
      | ws | 1.20 | because of ws |
      | socketio | 3.40 | because of socketio |
      | informational |  |  |
      | bun | 0.900 | a \\| b |

      - p99 needs 1,000 broadcasts

      #### Run

      | | |
      | --- | --- |
      | rate | 100/s |
      | warm-up | 2s |

      - first
      - second

      <details><summary>Rounds</summary>

      \`\`\`text
      o  |
       oo|
      \`\`\`

      </details>

      <details><summary>Output</summary>

      \`\`\`text
        Error: 'x'
      <end>
      \`\`\`

      </details>

      <details><summary>Plan</summary>

      only where there are folds

      </details>
      "
    `);
  });

  it('become a page', () => {
    expect(mainOf(renderHtml(REPORT))).toMatchInlineSnapshot(`
      "
      <header class="warning"><h1>OK: a &lt; b</h1>
      <ul><li>next: measure *longer*</ul>
      </header>

      <nav class="contents" aria-label="Contents"><ol><li><a href="#a-vs-b">a vs b</a><ul><li><a href="#a-vs-b-latency">Latency</a>
      <li><a href="#a-vs-b-output">Output</a>
      <li><a href="#a-vs-b-plan">Plan</a>
      <li><a href="#a-vs-b-every-round">Every round</a></ul></ol></nav>
      <section>
      <h2 id="a-vs-b">a vs b<a class="anchor" href="#a-vs-b" aria-label="Link to a vs b">#</a></h2>
      <p class="load">20 clients</p>
      <div class="scroll" role="region" tabindex="0" aria-label="a vs b: Latency"><table>
      <caption id="a-vs-b-latency">Latency<a class="anchor" href="#a-vs-b-latency" aria-label="Link to Latency">#</a></caption>
      <thead><tr><th scope="col" title="server">target<th scope="col" class="n" title="half of the values are at or below it">p50 <small>ms</small><th scope="col" title="why">reasons
      <tbody><tr><th scope="row"><i class="swatch" style="background:var(--line-0)"></i>ws<td>1.20<td class="t prose">because of ws
      <tr class="invalid"><th scope="row"><i class="swatch" style="background:var(--line-1)"></i>socketio<td>3.40<td class="t prose">because of socketio
      <tbody><tr class="group"><th scope="rowgroup" colspan="3"><span>informational</span>
      <tr><th scope="row">bun<td>0.900<td class="t prose">a | b
      </table></div>
      <p class="note">p99 needs 1,000 broadcasts</p>
      <div class="pair">
      <table class="facts"><caption>Run</caption><tbody><tr><th scope="row">rate<td>100/s
      <tr><th scope="row">warm-up<td>2s</table>
      </div>
      <ul><li>first
      <li>second</ul>

      <details open><summary id="a-vs-b-output">Output</summary>
      <pre aria-label="Output">  Error: \`x\`
      &lt;end&gt;</pre>
      </details>
      <details><summary id="a-vs-b-plan">Plan</summary>
      <p class="load">only where there are folds</p>
      </details>
      <details><summary id="a-vs-b-every-round">Every round</summary>
      <p class="load">only on the page</p>
      </details>
      </section>
      <footer>Measured &lt;today&gt;.</footer>
      "
    `);
  });
});

describe('hostile text in a block of any kind', () => {
  const hostile: readonly Block[] = [
    { kind: 'verdict', severity: 'bad', text: HOSTILE, notes: [HOSTILE] },
    {
      kind: 'opening',
      severity: 'bad',
      word: HOSTILE,
      conclusion: HOSTILE,
      caveats: Array.from({ length: 9 }, () => HOSTILE),
      thresholds: [{ passed: null, text: HOSTILE }],
      notes: [HOSTILE],
      tested: [[HOSTILE, HOSTILE]],
      command: `${HOSTILE}\n${HOSTILE}`,
      blocks: [{ kind: 'heading', text: HOSTILE }],
      appendix: [{ kind: 'text', text: HOSTILE }],
    },
    { kind: 'heading', text: HOSTILE },
    { kind: 'text', text: HOSTILE },
    {
      kind: 'table',
      title: HOSTILE,
      table: {
        headings: [
          { title: HOSTILE, unit: null, meaning: HOSTILE, numeric: false, isProse: false },
          { title: 'b', unit: HOSTILE, meaning: HOSTILE, numeric: true, isProse: false },
        ],
        rows: [[HOSTILE], [HOSTILE, HOSTILE]],
      },
      notes: [HOSTILE],
      colours: [],
      invalid: [],
    },
    { kind: 'facts', title: HOSTILE, facts: [[HOSTILE, HOSTILE]] },
    { kind: 'notes', notes: [HOSTILE] },
    { kind: 'lines', title: HOSTILE, lines: [HOSTILE] },
    { kind: 'charts', title: HOSTILE, group: { form: 'dots', charts: [] }, text: [HOSTILE] },
    { kind: 'details', title: HOSTILE, needs: 'text', blocks: [{ kind: 'text', text: HOSTILE }] },
  ];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose.
  const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/;

  it.each(hostile.map((block) => [block.kind, block] as const))('stays text: %s', (_, block) => {
    for (const text of [renderText(one(block)), renderMarkdown(one(block))]) {
      expect(text).not.toMatch(control);
      const lines = HOSTILE.split('\n');
      expect(lines.length).toBeGreaterThan(1);
      for (const line of lines.slice(1)) expect(text).not.toContain(`\n${line}`);
    }
    const fence = /```text\n.*?\n```/gs;
    const markdown = renderMarkdown(one(block)).replaceAll(fence, '');
    expect(markdown.replaceAll(/<\/?(details|summary)>/g, '')).not.toContain('<');
    const page = renderHtml(one(block));
    expect(page).not.toContain('<img');
    expect(page.match(/<\/script/g)).toHaveLength(1);
  });
});

describe('headings of a table that is wider than a terminal', () => {
  const wide = (titles: readonly string[]) =>
    renderText(
      one({
        kind: 'table',
        title: 'T',
        table: tabulate<Row>(
          titles.map((title) => column(title, title, 'count', '', ({ valueNs }) => valueNs)),
          ROWS,
        ),
        notes: [],
        colours: [],
        invalid: [],
      }),
    ).split('\n');

  it('wrap at spaces and slashes, in as few lines as it takes, bottom-aligned', () => {
    const titles = ['server CPU/delivery', 'generator utilization', 'sent/s', 'slowest p99', 'p50'];
    const narrow = wide(titles);
    expect(narrow).toHaveLength(6);
    const more = wide([...titles, 'event-loop utilization of the server', 'without pacing']);
    expect(more.slice(2).map((line) => line.trimEnd())).toMatchInlineSnapshot(`
      [
        "server CPU/    generator               slowest             event-loop utilization    without",
        "   delivery  utilization     sent/s        p99        p50           of the server     pacing",
        "  1,200,000    1,200,000  1,200,000  1,200,000  1,200,000               1,200,000  1,200,000",
        "  3,400,000    3,400,000  3,400,000  3,400,000  3,400,000               3,400,000  3,400,000",
        "",
      ]
    `);
    for (const line of more) expect(line.length).toBeLessThanOrEqual(100);
  });
});
