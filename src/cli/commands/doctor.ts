import { EXIT } from '../../errors.ts';
import { type Check, checkMachine } from '../../run/machine.ts';
import type { AddCommand } from '../cli.ts';

export const addDoctor: AddCommand = (program, cli, finish) => {
  program
    .command('doctor')
    .description('check what would spoil a measurement on this machine, and say what to do')
    .action(async () => {
      const checks = await checkMachine();
      cli.out(`${checks.map(lineOf).join('\n')}\n`);
      const worst = checks.filter(({ status }) => status === 'bad').length;
      finish(worst > 0 ? EXIT.invalid : EXIT.passed);
    });
};

function lineOf({ name, status, found, advice }: Check): string {
  const line = `${status.padEnd(4)}  ${name.padEnd(15)} ${found}`;
  return advice === '' ? line : `${line}\n${' '.repeat(22)}${advice}`;
}
