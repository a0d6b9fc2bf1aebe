// Makes a fresh machine ready: Node, dependencies, and the programs that some tests talk to.
// `node harness/set-up/prepare.mjs [--install]`; repeating it changes nothing and takes no time.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { dependencyProblem, hasProgram, nodeProblem, run, stop } from './machine.mjs';

/** Programs beside which tests run UltraCloud; without one, its tests are skipped and say so. */
const peers = [
  { program: 'etcd', debianPackage: 'etcd-server', skipped: 'comparisons with etcd' },
  { program: 'etcdctl', debianPackage: 'etcd-client', skipped: 'tests that drive the etcd gateway with etcdctl' },
  { program: 'openssl', debianPackage: 'openssl', skipped: 'tests of certificates and of TLS' },
  { program: 'ssh-keygen', debianPackage: 'openssh-client', skipped: 'tests of SSH host certificates' },
  { program: 'sshd', debianPackage: 'openssh-server', skipped: 'an SSH connection to a host with a certificate' },
  { program: 'zsh', debianPackage: 'zsh', skipped: 'tests of completion in zsh' },
  { program: 'fish', debianPackage: 'fish', skipped: 'tests of completion in fish' },
  { program: 'qemu-system-x86_64', debianPackage: 'qemu-system-x86', skipped: 'everything with real guests' },
  { program: 'qemu-img', debianPackage: 'qemu-utils', skipped: 'tests of disk images, and of real guests' },
  { program: 'lz4', debianPackage: 'lz4', skipped: 'the quick start of the kernel of test guests' },
  { program: 'strip', debianPackage: 'binutils', skipped: 'the small form of the kernel of test guests' },
  { program: 'ip', debianPackage: 'iproute2', skipped: 'networks of tenants' },
  { program: 'nft', debianPackage: 'nftables', skipped: 'networks of tenants' },
  { program: 'conntrack', debianPackage: 'conntrack', skipped: 'networks of tenants' },
  { program: 'dnsmasq', debianPackage: 'dnsmasq-base', skipped: 'networks of tenants' },
  { program: 'ping', debianPackage: 'iputils-ping', skipped: 'networks of tenants' },
  { program: 'busybox', debianPackage: 'busybox-static', skipped: 'networks of tenants' },
  { program: 'nc', debianPackage: 'netcat-openbsd', skipped: 'networks of tenants' },
  { program: 'tcpdump', debianPackage: 'tcpdump', skipped: 'networks of tenants' },
];

const installDependencies = async () => {
  const problem = dependencyProblem();
  if (problem === undefined) return;
  process.stderr.write(`Installing dependencies (${problem}) …\n`);
  const { exitCode, output } = await run('npm', ['ci', '--no-audit', '--no-fund'], { keepOutput: true });
  if (exitCode !== 0) {
    stop(`${output}\nnpm ci failed with exit code ${exitCode}. Check the network and who owns node_modules.`);
  }
};

const policyFile = '/usr/sbin/policy-rc.d';

/** Debian starts a service when it installs it; a policy of 101 says no, so that port 2379 stays free. */
const withoutStartingServices = async (work) => {
  const ours = !existsSync(policyFile);
  if (ours) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return await work();
  } finally {
    if (ours) rmSync(policyFile);
  }
};

const installPackages = async (packages) => {
  process.stderr.write(`Installing ${packages.join(', ')} …\n`);
  const quiet = { keepOutput: true, environment: { DEBIAN_FRONTEND: 'noninteractive' } };
  const update = await run('apt-get', ['update', '-q'], quiet);
  const install = ['install', '-q', '-y', '--no-install-recommends', ...packages];
  const { exitCode, output } = await withoutStartingServices(() => run('apt-get', install, quiet));
  return exitCode === 0 ? undefined : `${update.output}${output}`;
};

/** The test guest is made of packages that are only fetched, for which apt must know them. */
const testGuestPackage = 'linux-image-cloud-amd64';

const fillPackageLists = async () => {
  const { output } = await run('apt-cache', ['policy', testGuestPackage], { keepOutput: true });
  if (!output.includes('Candidate:')) await run('apt-get', ['update', '-q'], { keepOutput: true });
};

/** Only root on a CI machine installs system packages unasked: elsewhere the machine is someone's own. */
const preparePeers = async (asked) => {
  const unattended = process.env.CI === 'true' && process.getuid?.() === 0 && hasProgram('apt-get');
  if (unattended) await fillPackageLists();
  const missing = peers.filter(({ program }) => !hasProgram(program));
  if (missing.length === 0) return;
  const packages = missing.map(({ debianPackage }) => debianPackage);
  if (unattended || asked) {
    const problem = await installPackages(packages);
    if (problem === undefined) return;
    stop(`${problem}\nCould not install ${packages.join(', ')}.`);
  }
  for (const { program, skipped } of missing) process.stderr.write(`Skipped, no ${program} here: ${skipped}.\n`);
  process.stderr.write(`To have them: apt-get install ${packages.join(' ')}\n`);
};

export const prepare = async ({ install = false } = {}) => {
  const problem = nodeProblem();
  if (problem !== undefined) stop(problem);
  await installDependencies();
  await preparePeers(install);
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await prepare({ install: process.argv.includes('--install') });
}
