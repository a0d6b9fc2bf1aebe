import { isLeft, left, right } from 'fp-ts/lib/Either';
import { applyBatch, type BatchCommand } from '#commands/cluster/batch';
import type { Procedure } from '#aggregates/procedure';

/**
 * Bodies stand in the entry as their own contracts decode them, which gateways have made sure of. The refusal of one
 * command is the refusal of all; its detail names the place of the command, from 0.
 */
export const batch: Procedure<BatchCommand> = {
  command: applyBatch,
  rejections: {},
  perform({ body }, work) {
    for (const [at, { command, id = '', body: decoded = {} }] of body.commands.entries()) {
      const done = work.run({ kind: command, id, body: decoded });
      if (isLeft(done)) return left({ code: done.left.code, detail: { ...done.left.detail, commandIndex: at } });
    }
    return right(undefined);
  },
};
