import type { Command } from 'commander';

/** Shells that can be taught. */
export type Shell = 'bash' | 'zsh' | 'fish';

/**
 * A script that teaches a shell what comes after each word of `hangar`: the commands and options as they are in this version. It
 * holds them itself, since asking the command at each press of a key would cost a fifth of a second.
 */
export function completionScript(program: Command, shell: Shell): string {
  const rows = wordsAfter(program);
  return SCRIPTS[shell](
    rows
      .map(({ path, words }) => `    ${JSON.stringify(path)}) after=${JSON.stringify(words.join(' '))} ;;`)
      .join('\n'),
    rows
      .map(({ path, words }) => `    case ${JSON.stringify(path)}; printf '%s\\n' ${words.join(' ')}`)
      .join('\n'),
  );
}

/** For each command, by its words from the first on, what may stand behind it. */
function wordsAfter(command: Command, path = command.name()): { path: string; words: string[] }[] {
  const below = command.commands.filter((one) => one.name() !== 'help');
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const options = command.options.flatMap(({ long, short }) => long ?? short ?? []);
  return [
    { path, words: [...below.map((one) => one.name()), ...choices, ...options, '--help'] },
    ...below.flatMap((one) => wordsAfter(one, `${path} ${one.name()}`)),
  ];
}

/** Each walks the words before the cursor, as far as they are commands, and offers what stands behind the last of them. */
const SCRIPTS: Readonly<Record<Shell, (cases: string, fishCases: string) => string>> = {
  bash: (cases) => `_hangar_words() {
  case "$1" in
${cases}
    *) return 1 ;;
  esac
}
_hangar() {
  local after="" path=hangar index
  for ((index = 1; index < COMP_CWORD; index += 1)); do
    _hangar_words "$path \${COMP_WORDS[index]}" && path="$path \${COMP_WORDS[index]}"
  done
  _hangar_words "$path"
  COMPREPLY=($(compgen -W "$after" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _hangar hangar
`,
  zsh: (cases) => `#compdef hangar
_hangar_words() {
  case "$1" in
${cases}
    *) return 1 ;;
  esac
}
_hangar() {
  local given=("\${words[@]}") at=$CURRENT trail=hangar index after
  for ((index = 2; index < at; index += 1)); do
    _hangar_words "$trail \${given[index]}" && trail="$trail \${given[index]}"
  done
  _hangar_words "$trail"
  compadd -- \${=after}
}
compdef _hangar hangar
`,
  fish: (_, cases) => `function __hangar_words
  switch "$argv"
${cases}
    case '*'; return 1
  end
end
function __hangar_complete
  set -l trail hangar
  set -l given (commandline -opc)
  for word in $given[2..]
    __hangar_words "$trail $word" > /dev/null; and set trail "$trail $word"
  end
  __hangar_words "$trail"
end
complete -c hangar -f -a '(__hangar_complete)'
`,
};
