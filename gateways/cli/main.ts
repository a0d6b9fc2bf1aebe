import { catalog } from '#gateways/catalog';
import { run } from '#gateways/cli/run';
import { processTerminal } from '#gateways/cli/terminal';
import { verbsOf } from '#gateways/cli/verbs';

void run({
  terminal: processTerminal(),
  verbs: verbsOf(catalog),
  server: () => import('#gateways/server/main'),
}).then((exitCode) => {
  process.exitCode = exitCode;
});
