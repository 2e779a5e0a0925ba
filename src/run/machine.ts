import { readdirSync } from 'node:fs';
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Pacer } from '../generator/pacer.ts';
import { NodeWaits } from '../generator/pacer-waits.ts';
import { createClock, readOriginNs } from '../measure/clock.ts';
import { NsHistogram } from '../measure/histogram.ts';
import { realTimers } from '../measure/timers.ts';
import { list } from '../text.ts';
import { formatNs, formatNumber, formatPercent } from '../units.ts';
import { allowedCpus, chooseAffinity, cpuGroups, pinningProblem } from './affinity.ts';
import { cgroupCpuLimit, cpuGovernor, disturbanceBetween, readSystemCounters } from './environment.ts';
import { readSystemFile } from './server/process-tree.ts';
import { LIMITS } from './validity/limits.ts';

/** One property of this machine that a measurement depends on. */
export interface Check {
  readonly name: string;
  /** `bad`: runs will be invalid or fail. `warn`: figures will be noisier than necessary. */
  readonly status: 'ok' | 'warn' | 'bad';
  readonly found: string;
  /** What to do; empty when the status is ok. */
  readonly advice: string;
}

function check(name: string, status: Check['status'], found: string, advice: string): Check {
  return { name, status, found, advice: status === 'ok' ? '' : advice };
}

function checkCpus(): Check[] {
  const cpus = allowedCpus();
  const limit = cgroupCpuLimit();
  const isTooFew = Math.min(cpus.length, limit ?? cpus.length) < 2;
  const limited = limit === null ? '' : `, limited to ${formatNumber(limit)} by the control group`;
  const pinning = pinningProblem(cpus);
  const governor = cpuGovernor();
  const isSlow = governor !== null && governor !== 'performance';
  const more = 'Server and generator need one each: use a machine with two or more.';
  const pin = 'Install util-linux, or expect more noise.';
  const turbo = turboState();
  const steady = 'Clock rates vary with the load: expect more noise, or disable turbo in the firmware.';
  const fast = 'Let the CPUs run at full speed: sudo cpupower frequency-set -g performance';
  return [
    check('CPUs', isTooFew ? 'bad' : 'ok', `${cpus.length}${limited}`, more),
    check('CPU pinning', pinning === null ? 'ok' : 'warn', pinning ?? 'available', pin),
    check('CPU governor', isSlow ? 'warn' : 'ok', governor ?? 'none (fixed by the host)', fast),
    check('CPU turbo', turbo === 'on' ? 'warn' : 'ok', turbo ?? 'unknown (decided by the host)', steady),
  ];
}

/** Whether CPUs may exceed their base clock; null where the system does not report it, as in most virtual machines. */
function turboState(): 'on' | 'off' | null {
  const noTurbo = readSystemFile('/sys/devices/system/cpu/intel_pstate/no_turbo');
  const boost = readSystemFile('/sys/devices/system/cpu/cpufreq/boost');
  if (noTurbo !== null) return noTurbo === '0' ? 'on' : 'off';
  return boost === null ? null : boost === '1' ? 'on' : 'off';
}

function checkSystem(): Check[] {
  const clock =
    readSystemFile('/sys/devices/system/clocksource/clocksource0/current_clocksource') ?? 'unknown';
  const isSlow = clock === 'hpet' || clock === 'acpi_pm';
  const range = readSystemFile('/proc/sys/net/ipv4/ip_local_port_range') ?? '';
  const [first = Number.NaN, last = Number.NaN] = range.split(/\s+/).map(Number);
  const ports = last - first + 1;
  const found = Number.isNaN(ports) ? 'unknown' : `${ports} for connections to one server address`;
  const prefer = 'Reading this clock takes a microsecond or more; prefer tsc.';
  const widen = 'Widen the range: sudo sysctl net.ipv4.ip_local_port_range="1024 65535"';
  return [
    check('clock source', isSlow ? 'warn' : 'ok', clock, prefer),
    checkOpenFiles(),
    check('local ports', ports < 10_000 ? 'warn' : 'ok', found, widen),
  ];
}

function checkOpenFiles(): Check {
  const limit = /^Max open files\s+(\d+)/m.exec(readSystemFile('/proc/self/limits') ?? '')?.[1];
  if (limit === undefined) return check('open files', 'ok', 'unknown', '');
  const clients = Number(limit) - readdirSync('/proc/self/fd').length - 100;
  const found = `${limit} per process, enough for about ${clients} clients per worker`;
  const advice = 'Raise the limit for more clients: ulimit -n 65536';
  return check('open files', clients < 1000 ? 'warn' : 'ok', found, advice);
}

/** Time of all CPUs that this process may use, in milliseconds: in all, and without idling. */
function cpuTimes(): { readonly totalMs: number; readonly busyMs: number } {
  const allowed = new Set(allowedCpus());
  const times = os.cpus().flatMap(({ times }, cpu) => (allowed.has(cpu) ? [times] : []));
  const totalMs = times.reduce(
    (sum, { user, nice, sys, irq, idle }) => sum + user + nice + sys + irq + idle,
    0,
  );
  return { totalMs, busyMs: totalMs - times.reduce((sum, { idle }) => sum + idle, 0) };
}

/** The share of CPU time that other programs may use before measurements become noisier. */
const MAX_OTHER_LOAD = 0.1;
/** The share of the time in which some program may wait for a CPU. */
const MAX_PRESSURE = 0.1;
const STOP_OTHERS = 'Stop other work on this machine; top shows which programs use its CPUs.';

/** Other programs at work: this one slept meanwhile. */
function checkOtherLoad(before: ReturnType<typeof cpuTimes>, after: ReturnType<typeof cpuTimes>): Check {
  const totalMs = after.totalMs - before.totalMs;
  const share = totalMs === 0 ? 0 : (after.busyMs - before.busyMs) / totalMs;
  const found = `${formatPercent(share)} of the CPUs, load average ${formatNumber(os.loadavg()[0] ?? 0)}`;
  return check('other load', share > MAX_OTHER_LOAD ? 'warn' : 'ok', found, STOP_OTHERS);
}

/** Pressure stall information, see proc_pressure(5). */
function checkPressure(ratio: number | null): Check {
  const found = ratio === null ? 'unknown' : `programs waited for a CPU ${formatPercent(ratio)} of the time`;
  return check('CPU pressure', (ratio ?? 0) > MAX_PRESSURE ? 'warn' : 'ok', found, STOP_OTHERS);
}

const STEAL_WINDOW_MS = 1000;

async function checkDisturbance(): Promise<Check[]> {
  const before = readSystemCounters();
  const timesBefore = cpuTimes();
  // A sleep of the timers of a run would not keep this process alive.
  await delay(STEAL_WINDOW_MS);
  const groups = cpuGroups(chooseAffinity(1, true).affinity);
  const after = readSystemCounters();
  const { stealRatio, throttledMs, cpuPressureRatio } = disturbanceBetween(before, after, groups);
  const limit = formatPercent(LIMITS.stealRatio);
  const steal = stealRatio === null ? 'unknown' : formatPercent(stealRatio);
  const isStolen = (stealRatio ?? 0) > LIMITS.stealRatio;
  const advice = `Other machines use the CPUs of this host. Runs with more than ${limit} are invalid.`;
  const throttling = throttledMs === null ? 'no limit' : `${formatNumber(throttledMs)} ms in the last second`;
  const isThrottled = (throttledMs ?? 0) > 0;
  return [
    checkOtherLoad(timesBefore, cpuTimes()),
    checkPressure(cpuPressureRatio),
    check('CPU steal', isStolen ? 'bad' : 'ok', steal, advice),
    check('CPU throttling', isThrottled ? 'bad' : 'ok', throttling, 'Raise the CPU limit of the container.'),
  ];
}

const LAG_RATE_HZ = 100;
const LAG_SAMPLES = 100;

/** Measures how late an idle pacer is here, because of other work on this machine or its host. */
async function checkSendLag(): Promise<Check> {
  const clock = createClock(readOriginNs());
  const lags = new NsHistogram();
  const [noChore, noWork] = [() => {}, () => 0];
  const waits = new NodeWaits({
    clock,
    timers: realTimers,
    workDone: noWork,
    onLooked: noChore,
    chores: { run: noChore },
  });
  const pacer = new Pacer({
    clock,
    wait: waits.create(),
    arrivals: Array.from({ length: LAG_SAMPLES }, (_, index) => ({
      index,
      offsetNs: (index * 1e9) / LAG_RATE_HZ,
    })).values(),
    startNs: clock.nowNs() + 1e6,
    onDue: (_, intendedNs) => lags.record(clock.nowNs() - intendedNs),
  });
  await pacer.run();
  const [p50Ns, p99Ns] = [lags.quantileNs(0.5), lags.quantileNs(0.99)];
  const found = `p50 ${formatNs(p50Ns)}, p99 ${formatNs(p99Ns)} of ${LAG_SAMPLES} at ${LAG_RATE_HZ}/s`;
  const advice =
    'Sends this late invalidate runs with short latencies: stop other work, or use a quieter machine.';
  return check('send lag', p99Ns > LIMITS.sendLagNs ? 'warn' : 'ok', found, advice);
}

/** Checks everything that could invalidate a measurement. Takes about two seconds. */
export async function checkMachine(): Promise<Check[]> {
  return [
    check('Node.js', 'ok', process.version, ''),
    ...checkCpus(),
    ...checkSystem(),
    ...(await checkDisturbance()),
    await checkSendLag(),
  ];
}

/** What the checks say of measurements on this machine, in a sentence. */
export function machineVerdict(checks: readonly Check[]): string {
  const named = (status: Check['status']) =>
    list(checks.filter((each) => each.status === status).map(({ name }) => name));
  const [bad, warn] = [named('bad'), named('warn')];
  if (bad !== '') return `NOT READY: runs will be invalid or fail (${bad})`;
  if (warn !== '') return `NOISY: runs work, and figures will be less precise than they could be (${warn})`;
  return 'READY: nothing found that makes measurements unreliable';
}
