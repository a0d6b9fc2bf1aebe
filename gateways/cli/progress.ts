import type { Screen } from '#gateways/cli/terminal';

/** Tells a person what is being waited for, once that takes over a second. */
export interface Progress {
  /** What is being done now, as a phrase such as `restoring: 120,000 rows`. */
  update(phrase: string): void;
  done(): void;
}

const FIRST_MS = 1_000;
const EVERY_MS = 200;
/** Where lines cannot be written over, as in a log of CI. */
const EVERY_LINE_MS = 10_000;

export const silent: Progress = { update: () => undefined, done: () => undefined };

export const startProgress = (screen: Screen, phrase: string): Progress => {
  const started = performance.now();
  let now = phrase;
  let shown = false;
  let lastLine = -Infinity;
  const show = (): void => {
    const elapsed = performance.now() - started;
    const text = `${now} … ${Math.floor(elapsed / 1000)} s`;
    if (screen.isTTY) {
      const room = (screen.columns ?? 80) - 1;
      screen.write(`\r\u001b[K${text.length > room ? text.slice(0, room) : text}`);
      shown = true;
    } else if (elapsed - lastLine >= EVERY_LINE_MS) {
      screen.write(`${text}\n`);
      lastLine = elapsed;
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    show();
    timer = setInterval(show, EVERY_MS);
    timer.unref();
  }, FIRST_MS);
  first.unref();
  return {
    update: (phrase) => {
      now = phrase;
    },
    done: () => {
      clearTimeout(first);
      clearInterval(timer);
      if (shown) screen.write('\r\u001b[K');
    },
  };
};
