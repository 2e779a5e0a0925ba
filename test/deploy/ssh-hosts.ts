import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './lines.ts';

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

/** Hosts that ssh reaches, and the machine that reaches them. */
export interface SshHosts {
  readonly names: readonly string[];
  /** The address of this machine, at which the hosts reach a server. */
  readonly address: string;
  /** The address of the first host, at which all hosts reach it. */
  readonly firstAddress: string;
  /** The home of each host, by its name; files of one are not seen by others. */
  readonly homeOf: (name: string) => string;
  /** The command that starts the hosts, runs `script` by bash in `folder`, and ends the hosts. */
  readonly command: (script: string) => readonly [file: string, ...args: string[]];
}

/**
 * Writes keys and configurations of one host for each port into `folder`, and commands `ssh`, `scp` and `sockbench` into its `bin`,
 * which is first in the PATH of this machine and of the hosts. Nothing outside of the folder is read or changed.
 */
export function prepareHosts(folder: string, ports: readonly number[]): SshHosts {
  const names = ports.map((_, index) => `load${index + 1}`);
  const isolated = NO_HOSTS === null;
  const addressOf = (index: number) => (isolated ? `10.77.0.${11 + index}` : '127.0.0.1');
  const portOf = (index: number) => (isolated ? 22 : ports[index]);
  const homeOf = (name: string) => join(folder, name);
  const within = (name: string) => join(folder, name);

  for (const key of ['host-key', 'user-key']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', within(key)]);
  }
  mkdirSync(within('bin'));
  const writeCommand = (name: string, text: string) => {
    writeFileSync(within(name), `#!/bin/sh\n${text}\n`);
    chmodSync(within(name), 0o755);
  };
  for (const name of ['ssh', 'scp']) {
    writeCommand(`bin/${name}`, `exec /usr/bin/${name} -F "${within('ssh-config')}" "$@"`);
  }
  writeCommand('bin/sockbench', `exec "${process.execPath}" "${join(ROOT, 'bin/sockbench.js')}" "$@"`);

  writeFileSync(
    within('ssh-config'),
    [
      ...names.map((name, index) => `Host ${name}\nHostName ${addressOf(index)}\nPort ${portOf(index)}`),
      `Host *\nIdentityFile ${within('user-key')}\nIdentitiesOnly yes\nBatchMode yes`,
      `HostKeyAlias load\nUserKnownHostsFile ${within('known-hosts')}\nGlobalKnownHostsFile none`,
    ].join('\n'),
  );
  const hostKey = execFileSync('cat', [within('host-key.pub')], { encoding: 'utf8' });
  writeFileSync(within('known-hosts'), `load ${hostKey}`);
  names.forEach((name, index) => {
    mkdirSync(homeOf(name));
    writeCommand(
      `shell-${name}`,
      `export PATH="${within('bin')}:$PATH"; cd "${homeOf(name)}" && exec sh -c "$SSH_ORIGINAL_COMMAND"`,
    );
    writeFileSync(
      within(`sshd-${index + 1}`),
      `Port ${portOf(index)}
ListenAddress ${addressOf(index)}
HostKey ${within('host-key')}
AuthorizedKeysFile ${within('user-key.pub')}
ForceCommand ${within(`shell-${name}`)}
Subsystem sftp ${SFTP}
StrictModes no
UsePAM no
PidFile none
MaxStartups 100
`,
    );
  });

  const command = (script: string): readonly [string, ...string[]] => {
    const run = ['bash', '-euc', script];
    if (isolated) return ['unshare', ...IN_NAMESPACES, folder, String(names.length), ...run];
    const daemons = names.map((_, index) => `${SSHD} -D -e -f "${within(`sshd-${index + 1}`)}" & `).join('');
    return ['bash', '-euc', `${daemons} trap 'kill $(jobs -p)' EXIT\n"$@"`, 'bash', ...run];
  };
  return {
    names,
    address: isolated ? '10.77.0.1' : '127.0.0.1',
    firstAddress: addressOf(0),
    homeOf,
    command,
  };
}
