import { resolve } from 'node:path';
import { exitCodes } from '#gateways/cli/exit-code';
import { usage } from '#gateways/cli/failure';
import type { Verb } from '#gateways/cli/verb';
import { probeHost } from '#gateways/host/probe/main';

export const hostProbe: Verb = {
  words: ['host', 'probe'],
  summary: 'Find out what this machine can do as a host for guests, by doing it once.',
  about:
    'Boots a guest with each accelerator and tries networks in a namespace of its own; leaves nothing behind. ' +
    'Without --kernel the newest kernel in /boot is booted. Needs no server.',
  arguments: [],
  flags: [
    { name: 'kernel', metavar: '<file>', summary: 'Boot this kernel to try the accelerators.' },
    { name: 'initrd', metavar: '<file>', summary: 'What that kernel runs.' },
  ],
  examples: [{ title: 'What is missing here?', line: 'ultracloud host probe' }],
  run: async ({ session, words }) => {
    const [kernel, initrd] = [words.text('kernel'), words.text('initrd')];
    if (kernel === undefined && initrd !== undefined) throw usage('--initrd: expected a --kernel beside it.');
    const guest =
      kernel === undefined
        ? undefined
        : { kernel: resolve(kernel), initrd: initrd === undefined ? undefined : resolve(initrd) };
    const capabilities = await session.during('Trying what this machine can do', probeHost({ guest }));
    session.show({
      json: { capabilities },
      table: () =>
        session.table(
          [{ title: 'CAPABILITY' }, { title: 'HERE' }, { title: 'FOUND' }, { title: 'MISSING' }],
          capabilities.map(({ name, state, found, missing }) => [name, state, found, missing ?? '']),
        ),
      names: () => capabilities.filter(({ state }) => state === 'yes').map(({ name }) => name),
    });
    return exitCodes.done;
  },
};
