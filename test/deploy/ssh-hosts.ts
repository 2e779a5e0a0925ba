import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeCommand, writeSockbench } from './lines.ts';

/** Debian's OpenSSH. sshd starts itself again for every connection, so that its path is absolute. */
const SSHD = '/usr/sbin/sshd';
const SFTP = '/usr/lib/openssh/sftp-server';

/** What is missing to start hosts; null when all is there. */
export const NO_SSHD =
  existsSync(SSHD) && existsSync(SFTP) && spawnSync('ssh', ['-V']).status === 0
    ? null
    : 'OpenSSH with its server (Debian: openssh-server)';

const IN_NAMESPACES = [
  ...['--net', '--mount', '--pid', '--mount-proc', '--fork', '--kill-child'],
  ...['sh', join(import.meta.dirname, 'hosts.sh')],
];

/** Why hosts cannot have network namespaces of their own here; null when they can. */
export const NO_HOSTS =
  spawnSync('unshare', [...IN_NAMESPACES, '/nonexistent', '1', 'true'], { stdio: 'ignore' }).status === 0
    ? null
    : 'network namespaces with bridge and veth (unshare of util-linux, ip of iproute2, and root)';

/** Hosts that ssh reaches by `FOLDER/bin/ssh`, and what they run in. */
export interface SshHosts {
  readonly names: readonly string[];
  /** The address of this machine, at which the hosts reach a server. */
  readonly address: string;
  /** The address of the first host, at which all hosts reach it. */
  readonly firstAddress: string;
  /** The command that starts the hosts, runs `script` by bash beside them, and ends them. */
  readonly command: (script: string) => readonly [file: string, ...args: string[]];
}

/**
 * Prepares one host for each port: load1, load2 and so on. Keys, configurations, and the commands `ssh`, `scp` and
 * `sockbench` are written into `folder`, and commands on a host run in the folder of its name in there. Nothing else is
 * read or changed.
 */
export function prepareHosts(folder: string, ports: readonly number[]): SshHosts {
  const isIsolated = NO_HOSTS === null;
  const hosts = ports.map((port, index): Host => {
    const own = isIsolated ? { address: `10.77.0.${11 + index}`, port: 22 } : { address: '127.0.0.1', port };
    return { name: `load${index + 1}`, sshd: join(folder, `sshd-${index + 1}`), ...own };
  });
  writeSockbench(folder);
  writeClient(folder, hosts);
  for (const host of hosts) writeDaemon(folder, host);
  return {
    names: hosts.map(({ name }) => name),
    address: isIsolated ? '10.77.0.1' : '127.0.0.1',
    firstAddress: hosts[0]?.address ?? '',
    command: (script) => {
      const run = ['bash', '-euc', script];
      if (isIsolated) return ['unshare', ...IN_NAMESPACES, folder, String(hosts.length), ...run];
      const daemons = hosts.map(({ sshd }) => `${SSHD} -D -e -f "${sshd}" 2> "${sshd}.log" &\n`).join('');
      // sshd of root needs this folder; its service makes it too.
      const needs = process.getuid?.() === 0 ? 'mkdir -p /run/sshd\n' : '';
      return ['bash', '-euc', `${needs}${daemons}trap 'kill $(jobs -p)' EXIT\n"$@"`, 'bash', ...run];
    },
  };
}

interface Host {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** The configuration of its sshd. */
  readonly sshd: string;
}

/** Writes what the machine needs that reaches the hosts. */
function writeClient(folder: string, hosts: readonly Host[]): void {
  for (const key of ['host-key', 'user-key']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key)]);
  }
  const hostKey = readFileSync(join(folder, 'host-key.pub'), 'utf8');
  writeFileSync(join(folder, 'known-hosts'), `load ${hostKey}`);
  const lines = [
    ...hosts.map(({ name, address, port }) => `Host ${name}\nHostName ${address}\nPort ${port}`),
    `Host *\nIdentityFile ${join(folder, 'user-key')}\nIdentitiesOnly yes\nBatchMode yes`,
    `HostKeyAlias load\nUserKnownHostsFile ${join(folder, 'known-hosts')}\nGlobalKnownHostsFile none`,
  ];
  writeFileSync(join(folder, 'ssh-config'), lines.join('\n'));
  for (const name of ['ssh', 'scp']) {
    const path = join(folder, 'bin', name);
    writeCommand(path, `exec /usr/bin/${name} -F "${join(folder, 'ssh-config')}" "$@"`);
  }
}

/** Writes what the sshd of a host needs. */
function writeDaemon(folder: string, { name, address, port, sshd }: Host): void {
  const home = join(folder, name);
  mkdirSync(home);
  const shell = join(folder, `shell-${name}`);
  writeCommand(
    shell,
    `export PATH="${join(folder, 'bin')}:$PATH" NODE_COMPILE_CACHE="${process.env['NODE_COMPILE_CACHE'] ?? ''}"
cd "${home}" && exec sh -c "$SSH_ORIGINAL_COMMAND"`,
  );
  const lines = [
    `Port ${port}\nListenAddress ${address}`,
    `HostKey ${join(folder, 'host-key')}\nAuthorizedKeysFile ${join(folder, 'user-key.pub')}`,
    `ForceCommand ${shell}\nSubsystem sftp ${SFTP}`,
    'StrictModes no\nUsePAM no\nPidFile none\n',
  ];
  writeFileSync(sshd, lines.join('\n'));
}
