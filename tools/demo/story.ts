// How the story looks on the terminal: one line per beat, stamped with the time at which it was seen.

export interface Teller {
  /** A part of the demo begins. */
  chapter(title: string): void;
  /** One beat of the story; `at` is when it was seen, now when absent. */
  beat(name: string, text: string, at?: Date): void;
  /** What a person would have typed for what happens next, on one or more lines. */
  command(...lines: readonly string[]): void;
  /** Anything else, such as how far a build is. */
  say(line: string): void;
}

export interface Look {
  readonly write: (line: string) => void;
  /** Colours are for people; a file or a pipe gets plain text. */
  readonly coloured: boolean;
}

export function createTeller({ write, coloured }: Look): Teller {
  const style = coloured ? COLOURED : PLAIN;
  let chapters = 0;
  return {
    chapter(title) {
      chapters += 1;
      write('');
      write(style.title(`${chapters}. ${title}`));
    },
    beat: (name, text, at = new Date()) => write(storyLine({ at, name, text }, style)),
    command: (...lines) => commandLines(lines).forEach((line) => write(style.faint(line))),
    say: (line) => write(style.faint(`   ${line}`)),
  };
}

export interface StoryLine {
  readonly at: Date;
  readonly name: string;
  readonly text: string;
}

export function storyLine({ at, name, text }: StoryLine, style: Style = PLAIN): string {
  return `${style.faint(clock(at))}  ${style.name(name.padEnd(NAME_WIDTH))}  ${text}`;
}

const NAME_WIDTH = 'WaitingForTrigger'.length;
const TEXT_COLUMN = 'hh:mm:ss.mmm'.length + 2 + NAME_WIDTH + 2;

/** Can be copied into a shell as it stands. */
export function commandLines(lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => {
    const more = index < lines.length - 1 ? ' \\' : '';
    return `${' '.repeat(TEXT_COLUMN)}${index === 0 ? '$' : ' '} ${line}${more}`;
  });
}

export interface Style {
  readonly title: (text: string) => string;
  readonly name: (text: string) => string;
  readonly faint: (text: string) => string;
}

const PLAIN: Style = { title: (text) => text, name: (text) => text, faint: (text) => text };
const COLOURED: Style = {
  title: (text) => `\u001b[1m${text}\u001b[0m`,
  name: (text) => `\u001b[36m${text}\u001b[0m`,
  faint: (text) => `\u001b[2m${text}\u001b[0m`,
};

// The clock on the wall of whoever watches.
function clock(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const milliseconds = String(at.getMilliseconds()).padStart(3, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${milliseconds}`;
}

/** `0.184 s`, `73.250 s` */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(3)} s`;
}

/** `512 B`, `3.4 KiB` */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  return `${step === 0 ? count : (count / 1024 ** step).toFixed(1)} ${units[step]}`;
}
