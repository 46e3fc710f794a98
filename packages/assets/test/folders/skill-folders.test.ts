import { memoryStore } from '@spillway/storage'
import { expect, it } from 'vitest'
import { skillFolders } from '../../src/node.js'

it('a folder of more folders than agents look through is left out whole, and told, and hides no other', async () => {
  const skill = (name: string) =>
    new TextEncoder().encode(`---\nname: ${name}\ndescription: Does ${name}\n---\n`)
  const names = Array.from({ length: 2001 }, (_, i) => `n${i}`)
  const objects = new Map<string, Uint8Array>(
    names.map(name => [`memory:///many/${name}/SKILL.md`, skill(name)]),
  )
  objects.set('memory:///few/pdf/SKILL.md', skill('pdf'))
  const told: string[] = []
  const folders = skillFolders({
    store: memoryStore({ objects }),
    onLeftOut: ({ location, error }) => told.push(`${location} ${String(error)}`),
  })
  expect(await folders.find('memory:///many/')).toEqual([])
  expect((await folders.find('memory:///few/')).map(({ name }) => name)).toEqual(['pdf'])
  expect(told).toEqual([expect.stringMatching(/^memory:\/\/\/many\/ .*has more than 2000 folders/)])
})
