import type { Category } from '#commands/rejection';

interface GatewayRefusalSpec {
  readonly status: number;
  readonly category: Category;
  readonly message: string;
  readonly fix: string;
}

/** What the HTTP gateway refuses by itself, before the log: nothing is recorded and nothing is changed. */
export const gatewayRefusals = {
  'request.malformed': {
    status: 400,
    category: 'invalid',
    message: 'The request is not what the contract asks for.',
    fix: 'Correct what `problems` names; `path` says where, `expected` says what belongs there.',
  },
  'request.unauthenticated': {
    status: 401,
    category: 'forbidden',
    message: 'The request shows no valid token.',
    fix: 'Send `Authorization: Bearer TOKEN`. The token of the administrator is in admin.token of the data directory.',
  },
  'certificate.refused': {
    status: 401,
    category: 'forbidden',
    message: 'The client certificate does not say who sends the request; the detail says why.',
    fix: 'Show a valid certificate of a host of this cluster, or none and a token.',
  },
  'identity.ambiguous': {
    status: 400,
    category: 'invalid',
    message: 'The request shows a client certificate and a token.',
    fix: 'Show one of them: leave the certificate out of the connection, or the Authorization header out.',
  },
  'login.refused': {
    status: 401,
    category: 'forbidden',
    message: 'Nobody is let in with this: a name, password or code is wrong, or the user is locked for a while.',
    fix: 'Correct it. After several wrong ones wait a minute; an administrator can set a new password.',
  },
  'login.codeNeeded': {
    status: 401,
    category: 'forbidden',
    message: 'A one-time code is needed beside the password.',
    fix: 'Send what the authenticator app shows as `code`.',
  },
  'login.nobody': {
    status: 403,
    category: 'forbidden',
    message: 'Only a user can let a device in.',
    fix: 'Log in as a user first.',
  },
  'route.unknown': {
    status: 404,
    category: 'absent',
    message: 'There is nothing at this path.',
    fix: 'Look the path up in /openapi.json; slashes inside an id are written as %2F.',
  },
  'method.unknown': {
    status: 405,
    category: 'invalid',
    message: 'This path does not take this method.',
    fix: 'Use a method that the Allow header names.',
  },
  'request.late': {
    status: 408,
    category: 'invalid',
    message: 'The request did not arrive in time.',
    fix: 'Send head and body without pauses.',
  },
  'backup.exists': {
    status: 409,
    category: 'conflict',
    message: 'A backup of this name exists.',
    fix: 'Choose another name, or leave it out. If the backup is damaged, delete the directory at `path`.',
  },
  'history.gone': {
    status: 410,
    category: 'absent',
    message:
      'This part of the past is not kept: it was compacted, or a restore left it out. It goes on at `oldestPosition`.',
    fix: 'Read the present, then watch from the position of that answer.',
  },
  'body.tooLarge': {
    status: 413,
    category: 'invalid',
    message: 'The body is larger than a request may be.',
    fix: 'Send values of at most 1.5 MiB, and larger batches in parts.',
  },
  'rate.exceeded': {
    status: 429,
    category: 'unavailable',
    message: 'This credential sends more requests than it may.',
    fix: 'Send it again after the pause that Retry-After names.',
  },
  'head.tooLarge': {
    status: 431,
    category: 'invalid',
    message: 'The head of the request is larger than 16 KiB.',
    fix: 'Send fewer or shorter headers.',
  },
  'gateway.defect': {
    status: 500,
    category: 'unavailable',
    message: 'The gateway failed because of a defect. A command may have been recorded.',
    fix: 'Send it again with the same idempotency key, and report it: `ultracloud debug bundle` collects what helps.',
  },
  'authority.locked': {
    status: 503,
    category: 'unavailable',
    message: 'The keys of the certificate authority cannot be opened, so nothing can be signed.',
    fix: 'Put the keyring of the node back from its backup, or have new keys made with `authority rotate cluster`.',
  },
  'node.overloaded': {
    status: 503,
    category: 'unavailable',
    message: 'This node takes no more commands at the moment. Nothing was recorded.',
    fix: 'Send it again after the pause that Retry-After names.',
  },
  'keyring.unavailable': {
    status: 503,
    category: 'unavailable',
    message: 'The keyring of this node cannot do this at the moment.',
    fix: 'Read `reason`, which names what is missing and the way back.',
  },
  'position.late': {
    status: 503,
    category: 'unavailable',
    message: 'The position that was asked for is not applied here yet.',
    fix: 'Ask again; the position header says how far this node is.',
  },
  'node.full': {
    status: 507,
    category: 'exhausted',
    message: 'This node has no space left for commands. Nothing was recorded; reads go on.',
    fix: 'Free space on the disk of the server; `ultracloud status` says how much is needed. Then send it again.',
  },
  'outcome.unknown': {
    status: 504,
    category: 'unavailable',
    message: 'It is not known what became of the command. It may have been recorded.',
    fix: 'Send it again with the same idempotency key: it is carried out once and the recorded answer is given.',
  },
} as const satisfies Readonly<Record<string, GatewayRefusalSpec>>;

export type GatewayRefusal = keyof typeof gatewayRefusals;
