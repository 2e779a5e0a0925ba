import type { Comparison, Round } from '../../result/comparison.ts';
import { armName, baseName, listed } from './comparison-names.ts';

/** Of the judged rounds, in how many an arm was measured, and in how many of them its server was overloaded. */
function overloadOf(
  { rounds, judgement }: Comparison,
  arm: number,
): { overloaded: number; measured: number } {
  const judged: readonly Round[] = judgement.rounds === 0 ? rounds : rounds.slice(0, judgement.rounds);
  const results = judged
    .flatMap(({ runs }) => runs.filter((run) => run.arm === arm))
    .map(({ result }) => result)
    .filter((result) => result !== null);
  const overloaded = results.filter(({ findings }) =>
    findings.some(({ code }) => code === 'server_overloaded'),
  );
  return { overloaded: overloaded.length, measured: results.length };
}

/** `SERVER OVERLOADED in 12 of 15 rounds of head: ...`; null where no server was. */
export function overloadText(comparison: Comparison): string | null {
  const arms = comparison.design.arms
    .map((_, arm) => ({ name: armName(comparison, arm), ...overloadOf(comparison, arm) }))
    .filter(({ overloaded }) => overloaded > 0);
  if (arms.length === 0) return null;
  const told = arms.map(({ name, overloaded, measured }) => `${overloaded} of ${measured} rounds of ${name}`);
  const meaning =
    arms.length === 1
      ? 'its latencies say how far it fell behind, not how fast it is'
      : 'their latencies say how far they fell behind, not how fast they are';
  return `SERVER OVERLOADED in ${listed(told)}: ${meaning}; drive less (--rate, --clients)`;
}

/** What a stored base means for what is said; null when the base was measured in turn. */
export function storedBaseText({ design }: Comparison): string | null {
  if (design.baseline === null) return null;
  return 'the rounds were not interleaved with those of the base, which was measured at another time: what changed on the machine since is in the difference';
}

/** How the arms ran. */
export function turnsText(comparison: Comparison): string {
  const { design } = comparison;
  const running = design.arms.flatMap(({ plan: { target } }, arm) =>
    target.exec === null && target.reference === null ? [armName(comparison, arm)] : [],
  );
  const order =
    design.baseline === null
      ? `${baseName(comparison)} and ${design.arms.length === 2 ? armName(comparison, 1) : 'the others'} took turns, round by round`
      : `${baseName(comparison)} is a stored one, measured at another time`;
  if (running.length === 0) return `${order}, each round with fresh processes.`;
  const all = running.length === design.arms.length;
  return `${order}. ${all ? 'The servers' : `The server of ${listed(running)}`} ran already and ${all || running.length > 1 ? 'were' : 'was'} not started anew for each round; only the load was.`;
}
