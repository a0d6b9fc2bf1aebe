import { createColors } from 'picocolors';

/** Where the tour tells what it does. */
export interface Screen {
  title(text: string): void;
  say(text: string): void;
  /** A command and what it printed, as a person would see it. */
  transcript(command: string, output: string): void;
  done(text: string): void;
  skipped(text: string): void;
  failed(text: string): void;
}

const { bold, dim, green, red, yellow } = createColors(process.stdout.isTTY === true && !process.env['NO_COLOR']);

const line = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export const screen: Screen = {
  title: (text) => line(`\n${bold(text)}`),
  say: (text) => line(`  ${text}`),
  transcript: (command, output) => {
    line(`  ${dim('$')} ${command}`);
    for (const each of output.split('\n')) if (each !== '') line(`    ${dim(each)}`);
  },
  done: (text) => line(`  ${green('ok')} ${text}`),
  skipped: (text) => line(`  ${yellow('skipped')}: ${text}`),
  failed: (text) => line(`  ${red('failed')}: ${text}`),
};
