import { setTimeout as sleep } from 'node:timers/promises';
import { openTestNode } from '#harness/node';
import { call, onStage } from '#harness/scenarios/stage';

jest.setTimeout(240_000);

const CYCLES = 6;
const ROTATIONS = 50;
/** Between the first rotation and the last one that is answered. */
const KILLED_WITHIN_MS = 60;

test('a server that is killed while it changes the cluster key opens all that was sealed', () =>
  onStage(async (stage) => {
    const sealed: string[] = [];
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const server = await stage.start();
      expect(server.output()).not.toContain('keyring.json');
      const request = { method: 'POST', path: '/v1/keyring-rotate', body: {} } as const;
      const rotations = Array.from({ length: ROTATIONS }, () =>
        call(server, stage.token(), request).catch(() => undefined),
      );
      await rotations[0];
      await sleep((KILLED_WITHIN_MS * cycle) / CYCLES);
      await server.kill();
      await Promise.all(rotations);
      const node = await openTestNode(stage.data);
      try {
        expect(node.keyring.unavailable).toBeUndefined();
        for (const [number, text] of sealed.entries()) {
          expect(node.keyring.open('a test', text).toString()).toBe(`secret ${number}`);
        }
        sealed.push(node.keyring.seal(`user/u${cycle}`, 'a test', Buffer.from(`secret ${cycle}`)));
      } finally {
        await node.stop();
      }
    }
  }));
