/** Child entry: a generator process. Obeys the coordinator over IPC, ends with it, ignores Ctrl-C. */
import { scenarios } from '../../scenarios/index.ts';
import { drivers } from '../drivers/index.ts';
import { loadScenarioFile } from '../user-files/scenario-file.ts';
import type { Assignment, FromWorker, ToWorker } from './messages.ts';
import { lowerHelperThreads } from './priority.ts';
import { refuseRedirects } from './redirects.ts';
import { Shard } from './session.ts';
import { loadTarget } from './target.ts';

let shard: Shard | null = null;

function post(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

function crash(error: unknown): void {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  if (process.connected) process.send?.({ type: 'crash', message, stack }, () => process.exit(1));
  else process.exit(1);
}

async function createShard(assignment: Assignment): Promise<Shard> {
  const { plan } = assignment;
  const scenario =
    plan.scenarioFile === null
      ? scenarios.find(({ name }) => name === plan.scenario)
      : await loadScenarioFile(plan.scenarioFile);
  const driver = drivers.find(
    ({ name, protocol }) => name === plan.driver && protocol === plan.target.protocol,
  );
  if (scenario === undefined || driver === undefined) throw new Error('the plan names what is not there');
  return new Shard(assignment, scenario, driver, await loadTarget(plan), post);
}

async function handleCommand(message: ToWorker): Promise<void> {
  if (message.type === 'assign') {
    lowerHelperThreads();
    refuseRedirects();
    shard = await createShard(message.assignment);
    post({ type: 'ready' });
    return;
  }
  if (shard === null) throw new Error(`"${message.type}" before "assign"`);
  switch (message.type) {
    case 'connect':
      return shard.connect();
    case 'join':
      return shard.join(message.members);
    case 'warm-up':
      return shard.warmUp(message.startNs);
    case 'measure':
      return shard.measure(message.startNs);
    case 'stop':
      return shard.stop();
    case 'finish':
      await shard.finish();
      process.send?.({ type: 'closed' } satisfies FromWorker, () => process.exit(0));
  }
}

process.on('message', (message: ToWorker) => void handleCommand(message).catch(crash));
process.on('uncaughtException', crash);
process.on('disconnect', () => process.exit(1));
// Ctrl-C reaches the whole terminal group; the coordinator decides when to stop.
process.on('SIGINT', () => {});
