import { existsSync } from 'node:fs';
import { probeHost } from '#gateways/host/probe/main';
import { describeGuests, guestStage, PATIENCE_MS } from '#harness/scenarios/guest-stage';

jest.setTimeout(2 * PATIENCE_MS);

describeGuests('what this machine is found to be able to do', () => {
  test('is what was done, each with how; what is not there says what is missing', async () => {
    const stage = guestStage();
    try {
      const found = await probeHost({ guest: stage.kernel });
      const names = found.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const { state, found: how, missing } of found) {
        expect(how).not.toBe('');
        expect(missing === undefined).toBe(state === 'yes');
      }
      const stateOf = (name: string): string | undefined => found.find((one) => one.name === name)?.state;
      expect([stateOf('qemu'), stateOf('tcg'), stateOf('qcow2'), stateOf('raw')]).toEqual(['yes', 'yes', 'yes', 'yes']);
      expect(stateOf('root')).toBe(process.getuid?.() === 0 ? 'yes' : 'no');
      if (!existsSync('/dev/kvm')) expect(stateOf('kvm')).toBe('no');
    } finally {
      expect(await stage.clear()).toEqual([]);
    }
  });
});
