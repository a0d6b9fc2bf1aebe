import { catalog } from '#gateways/catalog';
import { run } from '#gateways/cli/run';
import { processTerminal } from '#gateways/cli/terminal';
import { verbsOf } from '#gateways/cli/verbs';

void run(verbsOf(catalog), {
  terminal: processTerminal(),
  server: () => import('#gateways/server/main'),
  host: () => import('#gateways/host/main'),
}).then((exitCode) => {
  process.exitCode = exitCode;
});
