import type { Command } from './command.js';
import { commonFlags } from './common-flags.js';

/** Scripts that make a shell complete the names of commands, flags and files. */
export const completionShells = ['bash', 'zsh'] as const;
export type CompletionShell = (typeof completionShells)[number];

export function completionScript(shell: CompletionShell, commands: readonly Command[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(commands);
    case 'zsh':
      // zsh runs the script of bash as it is.
      return `autoload -U +X bashcompinit && bashcompinit\n${bashScript(commands)}`;
  }
}

function bashScript(commands: readonly Command[]): string {
  const names = [...commands.map(({ name }) => name), 'completion'].join(' ');
  const cases = commands.map(
    (command) => `      ${namesOf(command).join('|')}) flags="${flagsOf(command)}" ;;`,
  );
  return `${[
    '# Load it with: source <(holdfast completion bash), or zsh.',
    '_holdfast() {',
    '  local current="${COMP_WORDS[COMP_CWORD]}" command="" flags="" word',
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '    case "$word" in -*) ;; *) command="$word"; break ;; esac',
    '  done',
    '  if [ -z "$command" ]; then',
    `    COMPREPLY=($(compgen -W "${names} --help --version" -- "$current"))`,
    '    return',
    '  fi',
    '  if [ "${current:0:1}" = "-" ]; then',
    '    case "$command" in',
    ...cases,
    '    esac',
    '    COMPREPLY=($(compgen -W "$flags" -- "$current"))',
    '  else',
    '    COMPREPLY=($(compgen -f -- "$current"))',
    '  fi',
    '}',
    'complete -o filenames -F _holdfast holdfast',
  ].join('\n')}\n`;
}

function namesOf({ name, alias }: Command): readonly string[] {
  return alias === undefined ? [name] : [name, alias];
}

function flagsOf({ flags }: Command): string {
  return Object.keys({ ...flags, ...commonFlags })
    .map((name) => `--${name}`)
    .join(' ');
}
