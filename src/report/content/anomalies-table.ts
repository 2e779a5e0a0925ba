import type { RunResult } from '../../result/run-result.ts';
import { formatCount, plural } from '../../units.ts';
import { column, type Table, tabulate } from './table.ts';

type Account = RunResult['ledger']['irregular'][number];

const SHOWN = 20;

const NAMES = [
  'receiver',
  'sender',
  'stream',
  'owed',
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
export function irregularTable({ ledger }: RunResult): Table | null {
  return ledger.irregular.length === 0 ? null : tabulate(COLUMNS, ledger.irregular.slice(0, SHOWN));
}

/** How many there are in all, when the table does not hold them all. */
export function irregularNote({ ledger }: RunResult): string | null {
  return ledger.irregularCount <= SHOWN
    ? null
    : `The worst ${SHOWN} of ${plural(ledger.irregularCount, 'account')}; the stored result holds ${formatCount(ledger.irregular.length)}`;
}
