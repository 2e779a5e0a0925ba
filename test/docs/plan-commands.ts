/**
 * Child entry: reads a JSON list of command lines from stdin, runs each in this process, and prints a JSON list of their
 * exit codes and stderr. It runs in Node.js, because Vitest would compile the files of users.
 */
import { text } from 'node:stream/consumers';
import { runFake } from '../cli/fake-cli.ts';

const commands = JSON.parse(await text(process.stdin)) as ReadonlyArray<readonly string[]>;
const outcomes = [];
for (const argv of commands) {
  const { exitCode, stderr } = await runFake(...argv);
  outcomes.push({ exitCode, stderr });
}
process.stdout.write(JSON.stringify(outcomes));
