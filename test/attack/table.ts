/**
 * Tries to break sockbench in every known way, and prints one table:
 *
 *     npm run attack -- [--ci] [WORDS...]    all cases, those that CI runs, or those whose area or name contains a word
 */
import { type AttackCase, type Outcome, runCase } from './attack.ts';
import { CASES } from './cases/index.ts';

const args = process.argv.slice(2);
const words = args.filter((arg) => arg !== '--ci').map((word) => word.toLowerCase());

function isChosen(area: string, { name, inCi }: AttackCase): boolean {
  if (args.includes('--ci') && inCi !== true) return false;
  return words.length === 0 || words.some((word) => `${area} ${name}`.toLowerCase().includes(word));
}

function line({ name, expected, exit, seconds, mib, left, faults, missing }: Outcome): string {
  const verdict = missing !== null ? `not run: ${missing}` : faults.length === 0 ? 'held' : 'BROKEN';
  const figures = [
    exit,
    `${seconds.toFixed(1)} s`,
    `${mib} MiB`,
    left.length === 0 ? 'nothing' : left.length,
  ];
  return `| ${[name, expected, ...figures, verdict].join(' | ')} |`;
}

let [held, broken, absent] = [0, 0, 0];
console.log(
  '| case | expected | exit | time | memory | left behind | result |\n|---|---|---|---|---|---|---|',
);
for (const [area, cases] of Object.entries(CASES)) {
  for (const attackCase of cases.filter((each) => isChosen(area, each))) {
    const outcome = await runCase(attackCase);
    console.log(line(outcome));
    for (const fault of outcome.faults) console.log(`  ${fault.replaceAll('\n', '\n  ')}`);
    if (outcome.missing !== null) absent += 1;
    else if (outcome.faults.length === 0) held += 1;
    else broken += 1;
  }
}
console.log(`\n${held} held, ${broken} broken, ${absent} not run`);
process.exitCode = broken > 0 || held === 0 ? 1 : 0;
