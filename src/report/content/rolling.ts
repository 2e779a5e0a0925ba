import type { RunResult } from '../../result/run-result.ts';
import { plural } from '../../text.ts';
import { formatCount } from '../../units.ts';
import type { Fact } from '../blocks.ts';
import { formatValue } from './table.ts';

/** How long restarts of one process of the server after the other took, until all clients were back; nothing without any. */
export function rollingFacts({ plan, restarts, disruptions }: RunResult): Fact[] {
  return plan.disruptions.flatMap(({ kind }, index): Fact[] => {
    const own = restarts.filter(({ disruption }) => disruption === index);
    const [first] = own;
    if (kind !== 'rolling-restart' || first === undefined) return [];
    const outcomes = disruptions.filter(({ disruption }) => disruption === index);
    const sum = (name: 'clients' | 'back') => outcomes.reduce((total, each) => total + each[name], 0);
    const upMs = own.map((each) => each.upMs).filter((ms) => ms !== null);
    const backMs = outcomes.flatMap(({ lastBackMs }) => lastBackMs ?? []);
    const since = (ms: number) => formatValue('duration', (ms - first.atMs) * 1e6);
    const total = plan.target.reference?.settings.processes ?? own.length;
    const isOver = upMs.length === total && sum('back') === sum('clients');
    const end = isOver
      ? `all processes and clients were back after ${since(Math.max(...upMs, ...backMs))}`
      : `${formatCount(sum('back'))} of ${plural(sum('clients'), 'absence')} ended`;
    const served = `${formatCount(upMs.length)} of ${plural(total, 'process')} restarted`;
    return [['rolling', `${served}; ${end}`]];
  });
}
