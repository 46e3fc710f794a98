// The reference of the command: what it says of itself.
import { runProgram } from '../../packages/spillway/dist/program.js'

/** The page: every command with its options, in the order of `spillway help`. */
export async function commandPage() {
  const sections = (await commandsBelow([])).map(({ title, help }) => {
    return `## ${title}\n\n\`\`\`text\n${help}\n\`\`\``
  })
  return [
    '# Reference: the command, by option',
    'What `spillway help` says of every command. What they are for, with examples, is in [the command](../cli.md).',
    ...sections,
  ].join('\n\n')
}

/** `{ title, help }` of a command and of those below it. */
async function commandsBelow(words) {
  const help = await helpOf(words)
  const title = ['spillway', ...words].join(' ')
  // A name in a help text is a command where it has a help of its own.
  if (!help.startsWith(`Usage: ${title} `)) return []
  const below = []
  for (const [, name] of help.matchAll(/^ {2}([a-z]+)(?= |$)/gm)) {
    if (name !== 'help') below.push(...(await commandsBelow([...words, name])))
  }
  return [{ title, help }, ...below]
}

async function helpOf(words) {
  let text = ''
  const stream = { write: more => (text += more), isTTY: false }
  await runProgram([...words, '--help'], { stdout: stream, stderr: stream })
  return text.trimEnd()
}
