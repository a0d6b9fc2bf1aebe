import { Unknown } from '#log/engine';
import type { Submission } from '#log/entry';
import type { Outcome } from '#log/outcome';
import type { Vocabulary } from '#log/vocabulary';
import { draw, type Ids } from '#harness/simulator/drawing';
import type { Random } from '#harness/simulator/random';
import type { SimulatedNode } from '#harness/simulator/simulated-node';

/** Clients that send commands to any node, and send them again under their request id until they are answered. */
export interface Clients {
  /** One of them does something; `number` names it. */
  act(node: SimulatedNode, number: number): void;
  /** Something that nobody has answered yet is sent again; false when there is nothing. */
  insist(node: SimulatedNode): boolean;
  /** The connections to a node are cut, so that what was sent there has no answer. */
  cut(node: SimulatedNode): void;
  readonly waiting: number;
}

const ids: Ids = {
  key: ['a', 'b', 'c', 'dir/1', 'dir/2', 'dir\0x'],
  prefix: ['', 'dir/'],
  lease: ['1', '2', '3'],
  duty: ['liveness'],
  level: ['cluster'],
  history: ['key'],
  namespace: ['red', 'blue'],
  doc: ['red/1', 'red/2', 'blue/1'],
};

interface Call {
  readonly submission: Submission;
  readonly node: SimulatedNode;
}

export const simulatedClients = (
  vocabulary: Vocabulary,
  random: Random,
  told: (node: SimulatedNode, outcome: Outcome) => void,
): Clients => {
  const specs = [...vocabulary.commands.values()];
  const calls = new Set<Call>();
  let unanswered: Submission[] = [];
  const answered: Submission[] = [];

  const lost = ({ submission }: Call): void => {
    // Without a request id it must not be sent again: it may have been carried out.
    if (submission.requestId !== undefined) unanswered.push(submission);
  };

  const send = (submission: Submission, node: SimulatedNode): void => {
    const call = { submission, node };
    calls.add(call);
    node.engine.submit(submission).then(
      (outcome) => {
        if (!calls.delete(call)) return;
        answered.push(submission);
        told(node, outcome);
      },
      (error: unknown) => {
        if (calls.delete(call) && error instanceof Unknown) lost(call);
      },
    );
  };

  const drawn = (number: number): Submission => {
    const spec = random.pick(specs);
    return {
      kind: spec.kind,
      id: spec.id === undefined ? '' : String(draw(spec.id, random, ids)),
      body: draw(spec.body, random, ids),
      principal: random.pick(['ada', 'bob']),
      credential: 'simulated',
      source: 'simulator',
      address: '',
      ...(random.chance(0.6) ? { requestId: `r${number}` } : {}),
      ...(random.chance(0.05) ? { expectPosition: random.under(number + 1) } : {}),
    };
  };

  const insist = (node: SimulatedNode): boolean => {
    const [submission] = unanswered;
    if (submission === undefined) return false;
    unanswered = unanswered.slice(1);
    send(submission, node);
    return true;
  };

  return {
    insist,
    act: (node, number) => {
      if (random.chance(0.3) && insist(node)) return;
      send(answered.length > 0 && random.chance(0.1) ? random.pick(answered) : drawn(number), node);
    },
    cut: (node) => {
      for (const call of calls) {
        if (call.node !== node) continue;
        calls.delete(call);
        lost(call);
      }
    },
    get waiting() {
      return calls.size + unanswered.length;
    },
  };
};
