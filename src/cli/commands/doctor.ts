import { EXIT } from '../../errors.ts';
import { foreignLines } from '../../foreign.ts';
import { type Check, checkMachine, machineVerdict } from '../../run/machine.ts';
import type { AddCommand } from '../cli.ts';

export const addDoctor: AddCommand = (program, cli, finish) => {
  program
    .command('doctor')
    .description('check this machine for what makes measurements unreliable')
    .action(async () => {
      const checks = await checkMachine();
      cli.out(foreignLines(`${checks.map(checkText).join('\n')}\n\n${machineVerdict(checks)}\n`));
      const bad = checks.filter(({ status }) => status === 'bad').length;
      finish(bad > 0 ? EXIT.invalid : EXIT.passed);
    });
};

function checkText({ name, status, found, advice }: Check): string {
  const line = `${status.padEnd(4)}  ${name.padEnd(15)} ${found}`;
  return advice === '' ? line : `${line}\n${' '.repeat(22)}${advice}`;
}
