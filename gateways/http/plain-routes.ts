import { isLeft } from 'fp-ts/lib/Either';
import { malformed, type Answer } from '#gateways/http/answer';
import { isPrincipal, type Admission } from '#gateways/http/authenticate';
import { jsonBody } from '#gateways/http/json-body';
import type { Meter, Metrics } from '#gateways/http/metrics';
import type { AnswerPlain } from '#gateways/http/plain-connection';
import type { Route } from '#gateways/http/route';

interface Found {
  readonly plain: NonNullable<Route['plain']>;
  readonly meter: Meter;
}

/** Answers what goes to the routes that are asked for by the thousand; the others are left to the server of Node. */
export const plainRoutes = (
  routes: readonly Route[],
  parts: {
    readonly admit: Admission;
    readonly metrics: Metrics;
    /** What to answer to a defect. */
    readonly failed: (error: unknown) => Answer;
  },
): AnswerPlain => {
  const { admit, metrics, failed } = parts;
  const known = new Map<string, Found>();
  for (const { method, path, plain } of routes) {
    if (plain !== undefined) known.set(path.replace(/\{\w+\}/, '*'), { plain, meter: metrics.meter(method, path) });
  }
  return ({ target, headers, body }, socket) => {
    const startedMs = performance.now();
    const queryAt = target.indexOf('?');
    const path = queryAt === -1 ? target : target.slice(0, queryAt);
    const idAt = path.indexOf('/', nounAt) + 1;
    const idEnd = path.lastIndexOf('/');
    const id = idAt === 0 || idEnd <= idAt ? undefined : path.slice(idAt, idEnd);
    const found = known.get(id === undefined ? path : `${path.slice(0, idAt)}*${path.slice(idEnd)}`);
    if (found === undefined || id?.includes('/') === true) return undefined;
    const admitted = admit({ headers, method: 'POST', socket });
    if (!isPrincipal(admitted)) {
      metrics.refused(admitted.status);
      return admitted;
    }
    const finish = (answer: Answer): Answer => {
      found.meter.observe(answer.status, (performance.now() - startedMs) / 1000);
      return answer;
    };
    const read = jsonBody(body);
    if (isLeft(read)) {
      metrics.refused(400);
      return malformed(read.left);
    }
    try {
      const query = queryAt === -1 ? '' : target.slice(queryAt + 1);
      const params = id === undefined ? {} : { id };
      const answered = found.plain({ principal: admitted, params, query, headers, body: read.right });
      if (!(answered instanceof Promise)) return finish(answered);
      return answered.then(finish, (error: unknown) => finish(failed(error)));
    } catch (error) {
      return finish(failed(error));
    }
  };
};

/** Behind `/v1/`. */
const nounAt = 4;
