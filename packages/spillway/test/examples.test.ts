import { expect, it } from 'vitest'
import { run } from './support/terminal.js'

/** The names of the commands that the help of `path` lists. */
async function commandsIn(...path: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await run([...path, '--help'])
  // Of a command without commands below it nothing is listed but its arguments.
  if (path.length > 0 && !stdout.includes('\nCommands:\n')) return []
  const lines = stdout
    .split('\n')
    .filter(line => /^ {2}[a-z]/.test(line) && !/^ {2}spillway/.test(line))
  return lines.map(line => /^ {2}([a-z]+)/.exec(line)![1]!).filter(name => name !== 'help')
}

async function leaves(): Promise<readonly (readonly string[])[]> {
  const found: (readonly string[])[] = []
  for (const name of await commandsIn()) {
    const verbs = await commandsIn(name)
    found.push(...(verbs.length === 0 ? [[name]] : verbs.map(verb => [name, verb])))
  }
  return found
}

it('help of every command has examples, of itself, with options that it has', async () => {
  const commands = await leaves()
  expect(commands.length).toBeGreaterThan(25)
  for (const path of commands) {
    const { stdout, status } = await run([...path, '--help'])
    expect(status).toBe(0)
    const [help, examples] = stdout.split('\nExamples:\n')
    expect({ path, examples }).toEqual({ path, examples: expect.stringMatching(/^ {2}spillway/) })
    for (const example of examples!.trim().split('\n')) {
      expect(
        example
          .trim()
          .split(' ')
          .slice(1, path.length + 1),
      ).toEqual(path)
      for (const option of example.match(/--[a-z-]+/g) ?? []) expect(help).toContain(` ${option}`)
    }
  }
})
