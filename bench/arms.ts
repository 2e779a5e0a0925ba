import { join } from 'node:path';
import { freePort } from '../servers/cluster/redis-process.ts';
import { BareClient } from './client-process.ts';
import { DashboardViewer, MIN_EVENTS } from './dashboard.ts';
import { compileFloor } from './floor.ts';
import { measureListening, type StartClient } from './listening.ts';
import { BENCH_PROTOCOLS, type BenchProtocol, PATHS, requestFrame } from './protocols.ts';
import { measureGenerator } from './sockbench-run.ts';
import { findTools } from './tools.ts';
import type { Arm, Workload } from './workload.ts';

const CLIENTS = join(import.meta.dirname, 'clients');

/** The arms that can be measured here, and why others cannot. */
export interface Arms {
  readonly arms: readonly Arm[];
  /** Title and reason of each arm that is left out. */
  readonly leftOut: ReadonlyArray<readonly [title: string, reason: string]>;
}

/** A client of `clients/`. */
function bareArm(
  parts: Pick<Arm, 'name' | 'title' | 'remark' | 'protocols'>,
  command: (workload: Workload, port: number) => readonly string[],
): Arm {
  const start: StartClient = (workload, { port }) => new BareClient(command(workload, port));
  const kinds = ['broadcast', 'request', 'idle'] as const;
  return { ...parts, kinds, measure: (workload) => measureListening(start, workload) };
}

const requestsHz = ({ kind, rateHz }: Workload) => String(kind === 'request' ? rateHz : 0);

function floorArm(path: string): Arm {
  const parts = {
    name: 'floor',
    title: 'C floor',
    remark: 'epoll and recv in C',
    protocols: BENCH_PROTOCOLS,
  };
  return bareArm(parts, (workload, port) => {
    const { protocol, connections } = workload;
    const sent = [requestsHz(workload), requestFrame(protocol)];
    return [path, String(port), PATHS[protocol], String(connections), ...sent];
  });
}

function packageArm(protocol: BenchProtocol, title: string): Arm {
  const parts = { name: title, title, remark: 'the bare package, which only counts', protocols: [protocol] };
  return bareArm(parts, (workload, port) => [
    process.execPath,
    join(CLIENTS, `${protocol}.ts`),
    ...[String(port), String(workload.connections), requestsHz(workload)],
  ]);
}

/** A generator process of `sockbench run`. */
function runArm(name: string, title: string, flags: readonly string[]): Arm {
  const remark = `sockbench run ${flags.join(' ')}`;
  const kinds = ['broadcast', 'request', 'paced', 'idle'] as const;
  return {
    ...{ name, title, remark, kinds, protocols: BENCH_PROTOCOLS },
    measure: (workload, note) => measureGenerator(flags, workload, note),
  };
}

/** A run without a dashboard, and one whose dashboard sends its events to a viewer. */
function dashboardArms(): Arm[] {
  const parts = { kinds: ['watched'], protocols: ['ws'] } as const;
  const flags = ['--driver', 'wire'];
  return [
    {
      ...{ ...parts, name: 'alone', title: 'without a dashboard', remark: 'sockbench run' },
      measure: (workload, note) => measureGenerator(flags, workload, note),
    },
    {
      ...{ ...parts, name: 'viewed', title: 'with a viewer', remark: 'sockbench run --dashboard' },
      async measure(workload, note) {
        const port = await freePort();
        const viewer = new DashboardViewer(port);
        try {
          return await measureGenerator([...flags, `--dashboard=${port}`], workload, note);
        } finally {
          if (viewer.close() < MIN_EVENTS) note('the viewer got hardly any events');
        }
      },
    },
  ];
}

/** Finds the clients of this machine, the C floor first. */
export function findArms(): Arms {
  const floor = compileFloor();
  const tools = findTools();
  return {
    arms: [
      ...('path' in floor ? [floorArm(floor.path)] : []),
      runArm('wire-kernel', 'wire, kernel sockets', ['--driver', 'wire', '--sockets', 'kernel']),
      runArm('wire-node', "wire, Node's sockets", ['--driver', 'wire', '--sockets', 'node']),
      runArm('official', 'official driver', ['--driver', 'official']),
      ...dashboardArms(),
      packageArm('ws', 'ws'),
      packageArm('socketio', 'socket.io-client'),
      ...tools.arms,
    ],
    leftOut: [...('problem' in floor ? [['C floor', floor.problem] as const] : []), ...tools.leftOut],
  };
}
