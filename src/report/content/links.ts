import type { RunResult } from '../../result/run-result.ts';
import type { ResultView } from '../../result/view.ts';
import { formatNs } from '../../units.ts';
import { type Block, tableBlock } from '../blocks.ts';
import { maxColumn, quantileColumn, type SeriesOf, sameSeries } from './columns.ts';
import { type Column, column, tabulate } from './table.ts';

type LinkGroup = NonNullable<RunResult['links']>['groups'][number];

/** The clients of one link, or all of them without the delay of links. */
interface LinkRow extends SeriesOf {
  readonly name: string;
  readonly group: LinkGroup | null;
}

const LINK_COLUMNS: ReadonlyArray<Column<LinkRow>> = [
  column('link', 'link', 'text', 'its name in series', ({ name }) => name),
  column('properties', 'properties', 'text', 'as given by --network', ({ group }) => group?.text || null),
  column('clients', 'clients', 'count', 'clients that have it', ({ group }) => group?.clients ?? null),
  quantileColumn('p50', sameSeries),
  quantileColumn('p95', sameSeries),
  quantileColumn('p99', sameSeries),
  maxColumn(sameSeries),
];

/** Latency by link, and of all clients without the constant delay of links; nothing for a run without links. */
export function linkBlocks(view: ResultView): Block[] {
  const { links, headline } = view.result;
  if (links === null) return [];
  const groups = links.groups.map((group) => {
    return { view, group, name: group.link, series: `${headline}_${group.link}` };
  });
  const without = { view, group: null, name: 'all, without link', series: `${headline}_without_link` };
  const isKnown = view.histogram(without.series) !== null;
  const rows = isKnown ? [...groups, without] : groups;
  const notes = [
    ...(isKnown
      ? [
          `${headline} at the clients of each link; without link: less the constant delay of the links of sender and receiver, so that jitter, bandwidth and the relay remain`,
        ]
      : []),
    ...relayNotes(view),
  ];
  return tableBlock('Links', tabulate(LINK_COLUMNS, rows), notes);
}

function relayNotes(view: ResultView): string[] {
  const added = view.histogram('relay_added');
  if (added === null) return [];
  const [p50Ns, p99Ns] = [added.quantileNs(0.5), added.quantileNs(0.99)];
  return [
    `the relay held bytes longer than configured by ${formatNs(p50Ns)} at p50, ${formatNs(p99Ns)} at p99`,
  ];
}
