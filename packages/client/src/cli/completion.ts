import type { CommandText, FlagTable } from './command.js';
import { adminFlags, commonFlags } from './common-flags.js';
import { adminGroup } from './help.js';

/** Scripts that make a shell complete the names of commands, flags and files. */
export const completionShells = ['bash', 'zsh'] as const;
export type CompletionShell = (typeof completionShells)[number];

export function completionScript(
  shell: CompletionShell,
  commands: readonly CommandText[],
  adminCommands: readonly CommandText[],
): string {
  const bash = bashScript(commands, adminCommands);
  switch (shell) {
    case 'bash':
      return bash;
    case 'zsh':
      // zsh runs the script of bash as it is.
      return `autoload -U +X bashcompinit && bashcompinit\n${bash}`;
  }
}

function bashScript(
  commands: readonly CommandText[],
  adminCommands: readonly CommandText[],
): string {
  const group = adminGroup.name;
  const names = [...commands.map(({ name }) => name), group, 'completion'].join(' ');
  const adminNames = adminCommands.map(({ name }) => name.slice(group.length + 1)).join(' ');
  return `${[
    '# Load it with: source <(holdfast completion bash), or zsh.',
    '_holdfast() {',
    '  local current="${COMP_WORDS[COMP_CWORD]}" command="" flags="" word',
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '    case "$word" in',
    '      -*) ;;',
    `      *) command="\${command:+$command }$word"; [ "$command" = ${group} ] || break ;;`,
    '    esac',
    '  done',
    '  case "$command" in',
    `    "") COMPREPLY=($(compgen -W "${names} --help --version" -- "$current")); return ;;`,
    `    ${group}) COMPREPLY=($(compgen -W "${adminNames} --help" -- "$current")); return ;;`,
    ...commands.map((command) => flagsCase(command, commonFlags)),
    ...adminCommands.map((command) => flagsCase(command, adminFlags)),
    '  esac',
    '  if [ "${current:0:1}" = "-" ]; then',
    '    COMPREPLY=($(compgen -W "$flags" -- "$current"))',
    '  else',
    '    COMPREPLY=($(compgen -f -- "$current"))',
    '  fi',
    '}',
    'complete -o filenames -F _holdfast holdfast',
  ].join('\n')}\n`;
}

function flagsCase({ name, alias, flags }: CommandText, common: FlagTable): string {
  const names = [name, ...(alias === undefined ? [] : [alias])];
  const all = Object.keys({ ...flags, ...common }).map((flag) => `--${flag}`);
  return `    ${names.map((one) => `"${one}"`).join('|')}) flags="${all.join(' ')}" ;;`;
}
