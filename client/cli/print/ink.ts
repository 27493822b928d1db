// Colours, on a terminal only.
import { styleText } from 'node:util';

export type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'magenta' | 'dim' | 'bold';

/** Text in a colour, or as it is. */
export type Ink = (style: Style | undefined, text: string) => string;

export function createInk(colours: boolean): Ink {
  return (style, text) =>
    colours && style !== undefined ? styleText(style, text, { validateStream: false }) : text;
}

export interface InkWish {
  /** `--no-color` makes it false. */
  readonly color: boolean;
  readonly terminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** NO_COLOR and a terminal that is called dumb are heeded. */
export function wantsColours({ color, terminal, env }: InkWish): boolean {
  return color && terminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}
