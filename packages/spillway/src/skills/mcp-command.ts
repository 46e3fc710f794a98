import { serveSkillsOverStdio } from '@spillway/mcp/stdio'
import { openProfile } from '../recipient/open-profile.js'
import { receivedSkills } from '../recipient/received-skills.js'
import { directClient, type StoreOptions } from '../recipient/store-options.js'
import { printable } from '../terminal/format-table.js'
import type { Terminal } from '../terminal/terminal.js'
import { VERSION } from '../terminal/version.js'

/** `spillway mcp PROFILE`: skills for an agent that starts its servers itself, over standard input and output. */
export async function mcpCommand(
  path: string,
  options: StoreOptions,
  terminal: Terminal,
): Promise<void> {
  const { client: plain } = await openProfile(path, terminal)
  const client = directClient(plain, options)
  const { stdin, stdout, stderr, signal } = terminal
  const say = (text: string) => stderr.write(`spillway: ${printable(text)}\n`)
  const skills = receivedSkills(client, {
    signal,
    onLeftOut: ({ share, schema, name }, error) =>
      say(`${share}.${schema}.${name} is left out: ${error.message}`),
  })
  const onError = ({ message }: Error) => say(message)
  const serving = { name: 'spillway', version: VERSION, stdin, stdout, onError }
  await serveSkillsOverStdio(skills, serving, signal)
}
