import { fail } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';

/** Throws NOT_PROFILED for --profile on a server that cannot be profiled. Of a command, only its run shows what it is. */
export function requireProfilable({ cpuProfile, target }: Plan): void {
  if (!cpuProfile) return;
  if (target.reference?.runtime === 'bun') {
    fail(
      'NOT_PROFILED',
      `--profile requires a server on Node.js; ${target.name} runs on Bun`,
      'Remove --profile, or choose another --target; sockbench list shows the servers.',
    );
  }
  if (target.reference === null && target.exec === null) {
    fail(
      'NOT_PROFILED',
      `--profile requires a server that sockbench starts; ${target.name} already runs`,
      'Give --exec CMD, the command that starts the server, or remove --profile.',
    );
  }
}

/** Throws NOT_PROFILED for --profile with a command whose answer a slower server would change. */
export function refuseProfile({ cpuProfile }: Plan, command: string): void {
  if (!cpuProfile) return;
  fail(
    'NOT_PROFILED',
    `${command} does not take --profile, also not from a config: a profiler makes the server slower, which changes the answer`,
    'Remove --profile here; run and compare take it.',
  );
}
