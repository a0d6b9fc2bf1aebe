import { exitCodes } from '#gateways/cli/exit-code';
import { usage } from '#gateways/cli/failure';
import { numberAt } from '#gateways/cli/json';
import type { Verb } from '#gateways/cli/verb';
import { pause } from '#gateways/cli/waiting';

export const keepAlive: Verb = {
  words: ['lease', 'keep-alive'],
  summary: 'Renew a lease again and again, until interrupted or it has ended.',
  arguments: [{ name: 'lease', summary: 'The number of the lease.', required: true, noun: 'lease' }],
  flags: [{ name: 'once', summary: 'Renew it once.' }],
  examples: [{ title: 'Keep it.', line: 'ultracloud lease keep-alive 7587848390' }],
  run: async ({ session, words }) => {
    const lease = words.argument('lease') ?? '';
    if (!/^[1-9]\d{0,18}$/.test(lease)) throw usage(`LEASE: expected decimal digits, got ${JSON.stringify(lease)}.`);
    const client = await session.client();
    const stop = words.on('once') ? AbortSignal.abort() : session.terminal.interrupted();
    do {
      const { json } = await client.ask({ method: 'POST', path: `/v1/leases/${lease}/renew`, body: {} });
      const ttlSeconds = numberAt(json, 'ttlSeconds') ?? 60;
      session.show({
        json,
        table: () => `lease/${lease} renewed, ends in ${ttlSeconds} s unless it is renewed again`,
        names: () => [`lease/${lease}`],
      });
      await pause((ttlSeconds * 1000) / 3, stop);
    } while (!stop.aborted);
    return exitCodes.done;
  },
};
