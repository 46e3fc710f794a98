import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { turnsDuring } from '@spillway/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { localStore } from '../../src/index.js'
import { sortedPaths } from '../../src/objects/byte-order.js'

const MANY = 6000
let root: string

// UTF-16 would put the first of these before the second, UTF-8 after it.
const ODD = ['\u{1f600}', '\ufb00', 'a b', 'a%20b', 'é']

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'many-names-'))
  const names = [...ODD, ...Array.from({ length: MANY }, (_, i) => `n${(i * 7919) % MANY}`)]
  for (let from = 0; from < names.length; from += 500) {
    await Promise.all(names.slice(from, from + 500).map(name => mkdir(join(root, name))))
  }
  await writeFile(join(root, 'n5', 'a file'), 'x')
})

afterAll(() => rm(root, { recursive: true }))

async function folders(): Promise<string[]> {
  const found: string[] = []
  for await (const folder of localStore().listPrefixes(`file://${root}/`)) found.push(folder)
  return found
}

test('folders of very many names are listed in order, and others have turns meanwhile', async () => {
  const { turns, value } = await turnsDuring(folders)
  expect(value.length).toBe(MANY + ODD.length)
  const bytes = value.map(path => Buffer.from(path))
  expect(bytes.every((path, i) => i === 0 || Buffer.compare(bytes[i - 1]!, path) < 0)).toBe(true)
  // A turn before each block of names, and some while they are sorted; of one piece there were three.
  expect(turns).toBeGreaterThan(6)
})

test('a few files among them are found', async () => {
  const found: string[] = []
  for await (const { path } of localStore().list(`file://${root}/`)) found.push(path)
  expect(found).toEqual([`file://${root}/n5/a file`])
})

test('the order in steps is that in one piece', () => {
  const paths = Array.from({ length: 9000 }, (_, i) => `${ODD[i % ODD.length]}/${(i * 31) % 977}`)
  const steps = sortedPaths([...paths])
  let next = steps.next()
  let count = 0
  for (; !next.done; next = steps.next()) count++
  expect(next.value).toEqual(
    paths.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  )
  expect(count).toBeGreaterThan(3)
})

// Disks of other systems have no such names.
describe.runIf(process.platform === 'linux')('a name in bytes that are no UTF-8', () => {
  const bytesOf = (path: string) => Buffer.from(path.replace('?', '\xff'), 'latin1')

  async function listed(make: (folder: string) => Promise<unknown>): Promise<readonly string[]> {
    const folder = await mkdtemp(join(tmpdir(), 'odd-names-'))
    try {
      await writeFile(join(folder, 'good'), 'x')
      await make(folder)
      const found: string[] = []
      for await (const { path } of localStore().list(`file://${folder}/`)) {
        found.push(path.slice(`file://${folder}/`.length))
      }
      return found
    } finally {
      await rm(folder, { recursive: true })
    }
  }

  test.each<[string, (folder: string) => Promise<unknown>]>([
    ['a file', folder => writeFile(bytesOf(`${folder}/a?.parquet`), 'x')],
    ['a folder', folder => mkdir(bytesOf(`${folder}/day=?`))],
    ['a link', folder => symlink(join(folder, 'good'), bytesOf(`${folder}/a?`))],
  ])('of %s is refused: its rows would be missing', async (_, make) => {
    await expect(listed(make)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('bytes that are no UTF-8'),
      retryable: false,
    })
  })

  test('is left out where writers keep what is unfinished', async () => {
    const make = (folder: string) => writeFile(bytesOf(`${folder}/_a?`), 'x')
    expect(await listed(make)).toEqual(['good'])
  })

  test('is not that of a file with the character that stands for them', async () => {
    expect(await listed(folder => writeFile(join(folder, 'a\ufffd'), 'x'))).toEqual([
      'a\ufffd',
      'good',
    ])
  })
})
