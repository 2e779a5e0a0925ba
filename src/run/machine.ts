import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type PacedArrival, Pacer } from '../generator/pacer.ts';
import { createClock, readOriginNs } from '../measure/clock.ts';
import { NsHistogram } from '../measure/histogram.ts';
import { realTimers } from '../measure/timers.ts';
import { formatNs, formatNumber, formatPercent } from '../units.ts';
import { allowedCpus, chooseAffinity, cpuGroups, pinningProblem } from './affinity.ts';
import { cgroupCpuLimit, cpuGovernor, disturbanceBetween, readSystemCounters } from './environment.ts';
import { LIMITS } from './validity/rules.ts';

/** One thing about this machine that a measurement depends on. */
export interface Check {
  readonly name: string;
  /** `bad`: runs will be invalid or fail; `warn`: figures will be noisier than they need to be. */
  readonly status: 'ok' | 'warn' | 'bad';
  readonly found: string;
  /** What to do; empty when it is ok. */
  readonly advice: string;
}

function check(name: string, status: Check['status'], found: string, advice: string): Check {
  return { name, status, found, advice: status === 'ok' ? '' : advice };
}

function readNumber(path: string, pattern: RegExp): number | null {
  try {
    const found = pattern.exec(readFileSync(path, 'utf8'))?.[1];
    return found === undefined ? null : Number(found);
  } catch {
    return null;
  }
}

function cpus(): Check {
  const count = allowedCpus().length;
  const limit = cgroupCpuLimit();
  const usable = Math.min(count, limit ?? count);
  const found = `${count}${limit === null ? '' : `, limited to ${formatNumber(limit)} by the control group`}`;
  return check(
    'CPUs',
    usable < 2 ? 'bad' : 'ok',
    found,
    'Server and generator need one each: use a machine with two or more.',
  );
}

function pinning(): Check {
  const problem = pinningProblem(allowedCpus());
  return check(
    'CPU pinning',
    problem === null ? 'ok' : 'warn',
    problem ?? 'available',
    'Install util-linux, or expect more noise.',
  );
}

function governor(): Check {
  const name = cpuGovernor();
  const slow = name !== null && name !== 'performance';
  return check(
    'CPU governor',
    slow ? 'warn' : 'ok',
    name ?? 'none (fixed by the host)',
    'Let the CPUs run at full speed: sudo cpupower frequency-set -g performance',
  );
}

function clockSource(): Check {
  const path = '/sys/devices/system/clocksource/clocksource0/current_clocksource';
  let name = 'unknown';
  try {
    name = readFileSync(path, 'utf8').trim();
  } catch {
    // Not Linux.
  }
  const slow = name === 'hpet' || name === 'acpi_pm';
  return check(
    'clock source',
    slow ? 'warn' : 'ok',
    name,
    'Reading this clock costs a microsecond or more; prefer tsc.',
  );
}

function openFiles(): Check {
  const limit = readNumber('/proc/self/limits', /^Max open files\s+(\d+)/m);
  if (limit === null) return check('open files', 'ok', 'unknown', '');
  const used = readdirSync('/proc/self/fd').length;
  const clients = limit - used - 100;
  return check(
    'open files',
    clients < 1000 ? 'warn' : 'ok',
    `${limit} per process, enough for about ${clients} clients a worker`,
    'Raise the limit for more clients: ulimit -n 65536',
  );
}

function ports(): Check {
  try {
    const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
      .trim()
      .split(/\s+/)
      .map(Number);
    const count = (range[1] ?? 0) - (range[0] ?? 0) + 1;
    return check(
      'local ports',
      count < 10_000 ? 'warn' : 'ok',
      `${count} for connections to one server address`,
      'Widen the range: sudo sysctl net.ipv4.ip_local_port_range="1024 65535"',
    );
  } catch {
    return check('local ports', 'ok', 'unknown', '');
  }
}

function otherLoad(): Check {
  const [load = 0] = os.loadavg();
  const busy = load > allowedCpus().length / 2;
  return check(
    'other load',
    busy ? 'warn' : 'ok',
    `load average ${formatNumber(load)}`,
    'Stop what else is running.',
  );
}

const LAG_RATE_HZ = 100;
const LAG_SAMPLES = 100;

function* lagArrivals(): Generator<PacedArrival, void> {
  for (let index = 0; index < LAG_SAMPLES; index++) yield { index, offsetNs: (index * 1e9) / LAG_RATE_HZ };
}

/** How late an idle pacer is here: what other work on this machine, or its host, does to a schedule. */
async function sendLag(): Promise<Check> {
  const clock = createClock(readOriginNs());
  const lags = new NsHistogram();
  const pacer = new Pacer({
    clock,
    timers: realTimers,
    arrivals: lagArrivals(),
    startNs: clock.nowNs() + 1e6,
    onDue: (_, intendedNs) => lags.record(clock.nowNs() - intendedNs),
    workDone: () => 0,
    onSlack: () => {},
  });
  await pacer.run();
  const p99Ns = lags.quantileNs(0.99);
  return check(
    'send lag',
    p99Ns > LIMITS.sendLagNs ? 'warn' : 'ok',
    `p50 ${formatNs(lags.quantileNs(0.5))}, p99 ${formatNs(p99Ns)} of ${LAG_SAMPLES} at ${LAG_RATE_HZ}/s`,
    `Messages so late spoil the tail of short latencies, and then the run is invalid: stop other work, or use a quieter machine.`,
  );
}

const STEAL_WINDOW_MS = 1000;

async function steal(): Promise<Check[]> {
  const before = readSystemCounters();
  await delay(STEAL_WINDOW_MS);
  const { stealRatio, throttledMs } = disturbanceBetween(
    before,
    readSystemCounters(),
    cpuGroups(chooseAffinity(1, true).affinity),
  );
  return [
    check(
      'CPU steal',
      (stealRatio ?? 0) > LIMITS.stealRatio ? 'bad' : 'ok',
      stealRatio === null ? 'unknown' : formatPercent(stealRatio),
      `Other machines take this host's CPUs; runs with more than ${formatPercent(LIMITS.stealRatio)} are invalid.`,
    ),
    check(
      'CPU throttling',
      (throttledMs ?? 0) > 0 ? 'bad' : 'ok',
      throttledMs === null ? 'no limit' : `${formatNumber(throttledMs)} ms in the last second`,
      'Raise the CPU limit of the container.',
    ),
  ];
}

/** Looks at all that would spoil a measurement; takes about two seconds. */
export async function checkMachine(): Promise<Check[]> {
  return [
    check('Node.js', 'ok', process.version, ''),
    cpus(),
    pinning(),
    governor(),
    clockSource(),
    openFiles(),
    ports(),
    otherLoad(),
    ...(await steal()),
    await sendLag(),
  ];
}
