import { answer, type Answer } from '#gateways/http/answer';
import { healthOf } from '#gateways/http/component-health';
import { strict } from '#gateways/http/operator-routes';
import type { Route } from '#gateways/http/route';
import type { Node } from '#gateways/node';

/** From this share of what may wait on, a node is not ready: others should take the load. */
const readyBacklog = 15_000;

/** An alarm asks an operator to look, and clients to do nothing. */
const takesWork: readonly string[] = ['ok', 'alarmed'];

/** What anyone may ask; it tells no more than whether the node works and which release it is. */
export const healthRoutes = (node: Node): readonly Route[] => [
  ...['/health', '/healthz', '/livez'].map((path): Route => open(path, () => answer({ status: 'ok' }))),
  open('/readyz', () => ready(node)),
  open('/version', () => answer({ name: 'ultracloud', version: node.version })),
];

const open = (path: string, handle: () => Answer): Route => ({
  method: 'GET',
  path,
  open: true,
  handle: strict(handle),
});

const ready = ({ engine }: Node): Answer => {
  const { position } = engine.head;
  const components = {
    // It was opened, checked and decided to its end before anything answers; a fault of it ends the process.
    log: { status: 'ok', position },
    apply: engine.backlog < readyBacklog ? { status: 'ok' } : { status: 'overloaded' },
    // Why they are refused names folders of the machine: /v1/status says it to who has a token.
    writes: engine.refusing === undefined ? { status: 'ok' } : { status: 'refused' },
    ...Object.fromEntries(
      engine.vocabulary.components.map((component) => [component.name, healthOf(engine, component)]),
    ),
  };
  const ok = Object.values(components).every(({ status }) => takesWork.includes(status));
  return { ...answer({ status: ok ? 'ok' : 'unready', components }, position), status: ok ? 200 : 503 };
};
