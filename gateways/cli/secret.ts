import { readSource } from '#gateways/cli/document-file';
import { usage } from '#gateways/cli/failure';
import type { Flag } from '#gateways/cli/verb';
import type { Terminal } from '#gateways/cli/terminal';

export const passwordFile: Flag = {
  name: 'password-file',
  metavar: '<file>',
  summary: 'The file whose first line is the password; - reads standard input. Asked for unless given.',
};

/** A secret from a file, or typed by a person without being shown. */
export const secretGiven = async (terminal: Terminal, file: string | undefined, prompt: string): Promise<string> => {
  if (file !== undefined) {
    const [line = ''] = (await readSource(terminal, file)).toString('utf8').split(/\r?\n/);
    if (line !== '') return line;
    throw usage(`${file}: expected a secret on its first line, got nothing.`);
  }
  if (terminal.stdin.isTTY === true) return typed(terminal, prompt);
  throw usage(
    'Nobody is here to ask for it.',
    'Give --password-file or --secret-file, with a file or - for standard input.',
  );
};

/** The same of a secret that is to be kept: typed twice, since nobody sees what is typed. */
export const newSecretGiven = async (terminal: Terminal, file: string | undefined, prompt: string): Promise<string> => {
  const secret = await secretGiven(terminal, file, prompt);
  if (file !== undefined || secret === (await typed(terminal, 'Again: '))) return secret;
  throw usage('The two are not the same.', 'Nothing was changed; try again.');
};

/** A line typed at a terminal; its characters are not shown unless `shown`. What was typed behind it stays. */
export const typed = async ({ stdin, stderr }: Terminal, prompt: string, shown = false): Promise<string> => {
  stderr.write(prompt);
  const raw = stdin as typeof stdin & { setRawMode?: (on: boolean) => void };
  raw.setRawMode?.(true);
  try {
    let line = '';
    // The next prompt reads the same stream.
    for await (const chunk of stdin.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer | string>) {
      const text = chunk.toString();
      let read = 0;
      for (const char of text) {
        read += char.length;
        if (char === '\r' || char === '\n') {
          if (read < text.length) stdin.unshift(Buffer.from(text.slice(read)));
          return line;
        }
        if (char === '\u0003' || char === '\u0004') throw usage('Interrupted.');
        const isErasure = char === '\u007f' || char === '\b';
        line = isErasure ? [...line].slice(0, -1).join('') : line + char;
        if (shown) stderr.write(isErasure ? '\b \b' : char);
      }
    }
    return line;
  } finally {
    raw.setRawMode?.(false);
    stdin.pause();
    stderr.write('\n');
  }
};
