import { uuidv7 } from 'uuidv7';
import { documentBatches, type Batch } from '#gateways/cli/document-batches';
import { exitCodes } from '#gateways/cli/exit-code';
import { Failure, usage } from '#gateways/cli/failure';
import { numberAt } from '#gateways/cli/json';
import type { Verb } from '#gateways/cli/verb';

export const load: Verb = {
  words: ['doc', 'load'],
  summary: 'Set the documents of a file of any size, in parts of up to 1,000, each all or nothing.',
  about:
    'Each line of the file is {"key": "ada", "document": {"name": "Ada"}}. Loading it again changes nothing more, so ' +
    'one that was broken off is begun anew. A dry run tries each part on its own.',
  arguments: [{ name: 'namespace', summary: 'Where they belong.', required: true, noun: 'namespace' }],
  flags: [
    { name: 'file', short: 'f', metavar: '<file>', summary: 'One JSON object on each line; - reads standard input.' },
    { name: 'dry-run', summary: 'Only tell what would change; exit code 3 when something would.' },
  ],
  examples: [
    { title: 'Load a file.', line: 'ultracloud doc load users -f users.ndjson' },
    { title: 'What would it change?', line: 'ultracloud doc load users -f users.ndjson --dry-run' },
  ],
  run: async ({ session, words }) => {
    const namespace = words.argument('namespace') ?? '';
    const file = words.text('file');
    if (file === undefined) throw usage('--file: expected a file with one document on each line, got nothing.');
    const dryRun = words.on('dry-run');
    const client = await session.client();
    const progress = session.progress(`loading ${file}`);
    const sum = { documents: 0, written: 0, unchanged: 0 };
    try {
      for await (const batch of documentBatches(session.terminal, file)) {
        const { json } = await client
          .ask({
            method: 'POST',
            path: '/v1/docs/load',
            body: { namespace, documents: batch.documents },
            query: { dryRun: dryRun ? true : undefined },
            headers: dryRun ? {} : { 'idempotency-key': uuidv7() },
          })
          .catch((error: unknown) => {
            throw inLines(error, file, batch, dryRun ? 0 : sum.documents);
          });
        const written = numberAt(json, 'written') ?? 0;
        sum.documents += batch.documents.length;
        sum.written += written;
        sum.unchanged += batch.documents.length - written;
        progress.update(`loading ${file}: ${sum.documents} documents`);
      }
    } finally {
      progress.done();
    }
    session.show({ json: sum, table: () => session.fields(sum) });
    if (dryRun) session.note('Nothing was made.');
    return dryRun && sum.written > 0 ? exitCodes.dryRunHasChanges : exitCodes.done;
  },
};

/** What was refused, with the place in the file and how much of it is loaded. */
const inLines = (error: unknown, file: string, { firstLine, lastLine }: Batch, loaded: number): unknown => {
  if (!(error instanceof Failure)) return error;
  const message = `${file}, lines ${firstLine} to ${lastLine}: ${error.report.message}`;
  const done = `The ${loaded} documents before them are loaded.`;
  return new Failure(
    { ...error.report, message, fix: `${error.report.fix ?? ''} ${done}`.trim() },
    error.exitCode,
    error,
  );
};
