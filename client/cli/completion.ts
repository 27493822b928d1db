// Completion: three short scripts that ask this program for candidates, so that they never lag behind it.
import { COMMANDS, GLOBAL_FLAGS } from './catalogue.ts';
import type { Command, Flag } from './catalogue.ts';
import { CliError, EXIT } from './exit.ts';
import { createOut } from './print/out.ts';

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_stillpoint() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(stillpoint __complete "\${COMP_WORDS[@]:1:COMP_CWORD}")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _stillpoint stillpoint
`,
  zsh: `#compdef stillpoint
_stillpoint() {
  local -a candidates
  candidates=("\${(@f)$(stillpoint __complete "\${words[@]:1:$((CURRENT-1))}")}")
  compadd -a candidates
}
compdef _stillpoint stillpoint
`,
  fish: `function __stillpoint
  set -l words (commandline -opc) (commandline -ct)
  stillpoint __complete $words[2..-1]
end
complete -c stillpoint -f -a '(__stillpoint)'
`,
};

export function completionScript(shell: string): string {
  const script = SCRIPTS[shell];
  if (script !== undefined) return script;
  throw new CliError(`There is completion for ${Object.keys(SCRIPTS).join(', ')}, not ${shell}.`, EXIT.usage);
}

/** What may stand where the last of the words, perhaps half typed, stands. */
export async function candidates(words: readonly string[]): Promise<readonly string[]> {
  const typing = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const fitting = (found: readonly string[]): readonly string[] =>
    found.filter((candidate) => candidate.startsWith(typing));
  if (before.at(-1) === '-o' || before.at(-1) === '--output') return fitting(['json', 'yaml', 'wide']);
  const command = COMMANDS.find(({ name }) => before.includes(name));
  if (typing.startsWith('-')) return fitting(flagsOf(command));
  if (command === undefined) return fitting([...COMMANDS.map(({ name }) => name), 'completion']);
  return fitting(await namesFor(command, before));
}

function flagsOf(command: Command | undefined): readonly string[] {
  return [...(command?.flags ?? []), ...GLOBAL_FLAGS].map(longOf);
}

function longOf({ flag }: Flag): string {
  return /--[a-z-]+/.exec(flag)?.[0] ?? flag;
}

async function namesFor({ offers }: Command, before: readonly string[]): Promise<readonly string[]> {
  if (offers === undefined) return [];
  const kubeconfig = valueOf(before, '--kubeconfig');
  if (kubeconfig !== undefined) process.env['KUBECONFIG'] = kubeconfig;
  const { openPlace } = await import('./place.ts');
  const flags = {
    namespace: valueOf(before, '-n') ?? valueOf(before, '--namespace'),
    context: valueOf(before, '--context') ?? process.env['STILLPOINT_CONTEXT'],
  };
  const out = createOut({ format: 'table', color: false });
  const place = openPlace(flags, out, AbortSignal.timeout(COMPLETE_WITHIN_MS));
  try {
    const options = { signal: place.interrupted };
    const where = { namespace: place.namespace ?? 'default' };
    const objects = await place.cluster[offers].list(where, options);
    return objects.map(({ metadata }) => metadata.name);
  } finally {
    await place.close();
  }
}

const COMPLETE_WITHIN_MS = 8_000;

function valueOf(words: readonly string[], flag: string): string | undefined {
  const at = words.indexOf(flag);
  return at < 0 ? undefined : words[at + 1];
}
