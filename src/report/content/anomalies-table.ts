import type { RunResult } from '../../result/run-result.ts';
import { plural } from '../../text.ts';
import { formatCount } from '../../units.ts';
import { column, type Table, tabulate } from './table.ts';

type Account = RunResult['ledger']['anomalies'][number];

const SHOWN = 20;

const NAMES = [
  'receiver',
  'sender',
  'stream',
  'expected',
  'delivered',
  'late',
  'lost',
  'duplicated',
  'reordered',
] as const satisfies ReadonlyArray<keyof Account>;

const COLUMNS = NAMES.map((name) =>
  column(name, name, 'count', `${name}, by number or count`, (account: Account) => account[name]),
);

/** The worst receivers and streams in which anything was late, lost, repeated or overtaken; null for none. */
export function anomaliesTable({ ledger }: RunResult): Table | null {
  return ledger.anomalies.length === 0 ? null : tabulate(COLUMNS, ledger.anomalies.slice(0, SHOWN));
}

/** How many there are in all, when the table does not hold them all. */
export function anomaliesNote({ ledger }: RunResult): string | null {
  return ledger.anomalyCount <= SHOWN
    ? null
    : `The worst ${SHOWN} of ${plural(ledger.anomalyCount, 'account')}; the stored result holds ${formatCount(ledger.anomalies.length)}`;
}
