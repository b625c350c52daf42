import { bootstrapCommand, bootstrapFlags } from './bootstrap/bootstrap-command.js';
import type { CommandText, FlagTable } from './command.js';
import { commonFlags } from './common-flags.js';
import { adminGroup, sweepGroup, wordAfter, type CommandGroup } from './help.js';

/** Scripts that make a shell complete the names of commands, flags and files. */
export const completionShells = ['bash', 'zsh'] as const;
export type CompletionShell = (typeof completionShells)[number];

export function completionScript(
  shell: CompletionShell,
  commands: readonly CommandText[],
  adminCommands: readonly CommandText[],
  sweepCommands: readonly CommandText[],
): string {
  const bash = bashScript(commands, adminCommands, sweepCommands);
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
  sweepCommands: readonly CommandText[],
): string {
  const groups = [adminGroup, sweepGroup].map(({ name }) => `"${name}"`).join('|');
  const own = [...commands, bootstrapCommand].map(({ name }) => name);
  const names = [...own, adminGroup.name, 'completion'];
  return `${[
    '# Load it with: source <(holdfast completion bash), or zsh.',
    '_holdfast() {',
    '  local current="${COMP_WORDS[COMP_CWORD]}" command="" flags="" word',
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '    case "$word" in',
    '      -*) continue ;;',
    '    esac',
    '    command="${command:+$command }$word"',
    '    case "$command" in',
    `      ${groups}) ;;`,
    '      *) break ;;',
    '    esac',
    '  done',
    '  case "$command" in',
    namesCase('', [...names, '--help', '--version']),
    groupCase(adminGroup, [...adminCommands, sweepGroup]),
    groupCase(sweepGroup, sweepCommands),
    ...commands.map((command) => flagsCase(command, commonFlags)),
    flagsCase(bootstrapCommand, bootstrapFlags),
    ...adminCommands.map((command) => flagsCase(command, adminGroup.flags)),
    ...sweepCommands.map((command) => flagsCase(command, sweepGroup.flags)),
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

function groupCase(group: CommandGroup, members: readonly Pick<CommandText, 'name'>[]): string {
  return namesCase(group.name, [...members.map((one) => wordAfter(group.name, one)), '--help']);
}

function namesCase(command: string, words: readonly string[]): string {
  const reply = `COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$current"))`;
  return `    "${command}") ${reply}; return ;;`;
}

function flagsCase({ name, alias, flags }: CommandText, common: FlagTable): string {
  const names = [name, ...(alias === undefined ? [] : [alias])];
  const all = Object.keys({ ...flags, ...common }).map((flag) => `--${flag}`);
  return `    ${names.map((one) => `"${one}"`).join('|')}) flags="${all.join(' ')}" ;;`;
}
