import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsed, textAt } from '#gateways/cli/json';
import { type Context, contextPath, readContexts } from '#gateways/cli/context-file';
import { Failure, meantInstead, reasonOf, usage } from '#gateways/cli/failure';
import { systemCode } from '#gateways/system-code';
import { loginPath, readLogin, type KeptLogin } from '#gateways/cli/login-file';
import type { Terminal } from '#gateways/cli/terminal';

/** What the flags say of the endpoint. */
export interface TargetFlags {
  readonly endpoint?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly context?: string;
  readonly data?: string;
  readonly caCert?: string;
}

/** The server that requests go to. */
export interface Target {
  readonly endpoint: URL;
  /** Undefined when there is none, or when it is that of a login. */
  readonly token: string | undefined;
  /** Where whoever logged in to this context has its token; it is renewed as it ends. */
  readonly login?: KeptLogin;
  /** The saved endpoint that this is, if it is one. */
  readonly context?: string;
  readonly ca: Buffer | undefined;
  /** A certificate that is shown, in PEM; then no token is sent. */
  readonly identity?: { readonly cert: Buffer; readonly key: Buffer };
  /** Where the endpoint was found, for people. */
  readonly from: string;
  /** The data directory, if it is on this machine. */
  readonly data: string | undefined;
}

/** Where the packaged service keeps its data. */
const systemData = '/var/lib/ultracloud';

/** One place that may say something of the endpoint, in order of precedence. */
interface Source {
  readonly name: string;
  readonly context?: string;
  readonly said: Context;
}

/**
 * Flags beat the environment, which beats the context. A token of a context or a data directory is only ever sent to
 * the endpoint of that same place: another endpoint may belong to someone else.
 */
export const findTarget = async (
  terminal: Pick<Terminal, 'environment' | 'home'>,
  flags: TargetFlags,
): Promise<Target> => {
  const sources = await sourcesOf(terminal, flags);
  const found = sources.find(({ said }) => said.endpoint !== undefined || said.data !== undefined);
  if (found === undefined) throw noEndpoint();
  const endpoint = endpointOf(found);
  const ca = sources.find(({ said }) => said.caCert !== undefined)?.said.caCert;
  const login = loginFor(terminal, endpoint, found, sources);
  return {
    endpoint,
    token: login === undefined ? tokenFor(endpoint, found, sources) : undefined,
    ...(login === undefined ? {} : { login }),
    ...(found.context === undefined ? {} : { context: found.context }),
    ca: ca === undefined ? clusterAuthority(found.said.data) : readNamed('--ca-cert', ca),
    from: found.name,
    data: found.said.data,
  };
};

/** What a server that makes its own certificates has left in its data directory. */
const clusterAuthority = (data: string | undefined): Buffer | undefined => {
  if (data === undefined) return undefined;
  try {
    return readFileSync(join(data, 'ca.pem'));
  } catch {
    return undefined;
  }
};

const sourcesOf = async (
  terminal: Pick<Terminal, 'environment' | 'home'>,
  flags: TargetFlags,
): Promise<readonly Source[]> => {
  const variable = (name: string): string | undefined => terminal.environment[name] || undefined;
  const sources: Source[] = [{ name: 'flags', said: defined(flags) }];
  const chosen = flags.context;
  const contextSource = async (name: string | undefined): Promise<Source | undefined> => {
    const path = contextPath(terminal);
    const { contexts, current } = await readContexts(path);
    const wanted = name ?? current;
    if (wanted === undefined) return undefined;
    const said = contexts[wanted];
    if (said !== undefined) return { name: `context ${wanted}`, context: wanted, said };
    throw usage(
      `There is no context ${JSON.stringify(wanted)} in ${path}.`,
      meantInstead(wanted, Object.keys(contexts)) ?? 'List them with `ultracloud context list`.',
    );
  };
  // A context named by a flag is part of what the flags say.
  if (chosen !== undefined) sources.push((await contextSource(chosen)) ?? { name: 'flags', said: {} });
  sources.push({
    name: 'environment',
    said: defined({
      endpoint: variable('ULTRACLOUD_ENDPOINT'),
      token: variable('ULTRACLOUD_TOKEN'),
      data: variable('ULTRACLOUD_DATA'),
      caCert: variable('ULTRACLOUD_CA_CERT'),
    }),
  });
  // The file is only read where it can matter; its parser is a good part of a short run.
  const settled = sources.find(({ said }) => said.endpoint !== undefined || said.data !== undefined);
  const complete = settled !== undefined && (settled.said.data !== undefined || hasToken(sources));
  if (chosen === undefined && !complete) {
    const found = await contextSource(variable('ULTRACLOUD_CONTEXT'));
    if (found !== undefined) sources.push(found);
  }
  if (hasEndpointFile(systemData)) sources.push({ name: systemData, said: { data: systemData } });
  return sources;
};

const hasToken = (sources: readonly Source[]): boolean =>
  sources.some(({ said }) => said.token !== undefined || said.tokenFile !== undefined);

const defined = (said: { readonly [K in keyof Context]: string | undefined }): Context =>
  Object.fromEntries(Object.entries(said).filter(([field, value]) => field !== 'context' && value !== undefined));

/** The login of the context that names the endpoint, unless a token is given somewhere. */
const loginFor = (
  terminal: Pick<Terminal, 'environment' | 'home'>,
  endpoint: URL,
  { context, said }: Source,
  sources: readonly Source[],
): KeptLogin | undefined => {
  const given = sources.filter(({ name }) => name === 'flags' || name === 'environment');
  if (context === undefined || hasToken([...given, { name: '', said }])) return undefined;
  const path = loginPath(terminal);
  return readLogin(path, context)?.endpoint === endpoint.origin ? { path, context } : undefined;
};

const tokenFor = (endpoint: URL, found: Source, sources: readonly Source[]): string | undefined => {
  for (const source of sources) {
    const { said, name } = source;
    const own = said.endpoint !== undefined || said.data !== undefined;
    const explicit = name === 'flags' || name === 'environment';
    if (!explicit && own && source !== found && !sameOrigin(source, endpoint)) continue;
    if (said.token !== undefined) return said.token;
    if (said.tokenFile !== undefined) return readNamed('--token-file', said.tokenFile).toString('utf8').trim();
    if (said.data !== undefined && (source === found || sameOrigin(source, endpoint))) {
      return readNamed('--data', join(said.data, 'admin.token')).toString('utf8').trim();
    }
  }
  return undefined;
};

const sameOrigin = (source: Source, endpoint: URL): boolean => {
  try {
    return endpointOf(source).origin === endpoint.origin;
  } catch {
    return false;
  }
};

/** What a person has to correct when the endpoint of a source cannot be understood. */
const wordsFor: ReadonlyMap<string, string> = new Map([
  ['flags', '--endpoint'],
  ['environment', 'ULTRACLOUD_ENDPOINT'],
]);

const endpointOf = ({ name, said }: Source): URL => {
  if (said.endpoint !== undefined) return parseEndpoint(wordsFor.get(name) ?? name, said.endpoint);
  const data = said.data ?? '';
  const file = join(data, 'endpoints.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') {
      throw new Failure({
        code: 'endpoint.absent',
        category: 'unavailable',
        message: `No server runs on ${data}: it has no endpoints.json.`,
        fix: `Start one with \`ultracloud serve --data ${data}\`, or name another directory with --data.`,
      });
    }
    throw usage(`${file}: ${reasonOf(error)}.`, 'Run this as the user of the server.');
  }
  const http = textAt(parsed(text), 'http');
  if (http === undefined) throw usage(`${file}: expected {"http": …}.`, 'Start the server again.');
  return parseEndpoint(file, http);
};

const parseEndpoint = (name: string, text: string): URL => {
  const withScheme = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
  let url: URL;
  try {
    url = new URL(withScheme);
  } catch {
    throw usage(`${name}: expected an endpoint such as http://127.0.0.1:7070, got ${JSON.stringify(text)}.`);
  }
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  throw usage(`${name}: expected an http or https endpoint, got ${JSON.stringify(text)}.`);
};

const readNamed = (flag: string, file: string): Buffer => {
  try {
    return readFileSync(file);
  } catch (error) {
    throw usage(`${flag}: ${file}: ${reasonOf(error)}.`, 'Name a file that this user may read.');
  }
};

const hasEndpointFile = (data: string): boolean => {
  try {
    readFileSync(join(data, 'endpoints.json'));
    readFileSync(join(data, 'admin.token'));
    return true;
  } catch {
    return false;
  }
};

const noEndpoint = (): Failure =>
  usage(
    'No endpoint is known.',
    'Start a server with `ultracloud serve --data DIR` and give --data DIR here too, or set ULTRACLOUD_ENDPOINT and ' +
      'ULTRACLOUD_TOKEN, or save them with `ultracloud context set NAME --endpoint URL --token-file FILE`.',
  );
