import { serveSkillsOverStdio } from '@spillway/mcp/stdio'
import { openProfile } from '../recipient/open-profile.js'
import { receivedSkills } from '../recipient/received-skills.js'
import { printable } from '../terminal/format-table.js'
import type { Terminal } from '../terminal/terminal.js'
import { VERSION } from '../terminal/version.js'

/** `spillway mcp PROFILE`: skills for an agent that starts its servers itself, over standard input and output. */
export async function mcpCommand(path: string, terminal: Terminal): Promise<void> {
  const { client } = await openProfile(path, terminal)
  const { stdin, stdout, stderr, signal } = terminal
  const say = (text: string) => stderr.write(`spillway: ${printable(text)}\n`)
  const skills = receivedSkills(client, {
    signal,
    onLeftOut: ({ share, schema, name }, error) =>
      say(`${share}.${schema}.${name} is left out: ${error.message}`),
  })
  const onError = ({ message }: Error) => say(message)
  const options = { name: 'spillway', version: VERSION, stdin, stdout, onError }
  await serveSkillsOverStdio(skills, options, signal)
}
