import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { loadConfig } from 'spillway'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allBlocks, type Block, blocksIn, commandsIn, repository } from './blocks.js'
import { type CompiledBlocks, compileBlocks } from './compile-blocks.js'
import { openStage, runs, type Stage } from './stage.js'
import { isWalked, walk } from './walk.js'

const main = join(repository, 'packages/spillway/dist/bundle/main.js')
const isBuilt = existsSync(main)
const python = [
  process.env.SPILLWAY_PYTHON ?? '',
  join(repository, '.venv/interop/bin/python'),
  '/usr/bin/python3',
].find(existsSync)
const checked = allBlocks().filter(({ notChecked }) => notChecked === undefined)
const textOf = (document: string) => readFileSync(join(repository, document), 'utf8')
const walked = [...new Set(checked.map(({ document }) => document))].filter(document =>
  isWalked(textOf(document)),
)
/** Each by itself; those of a document that is walked belong together. */
const blocks = checked.filter(({ document }) => !walked.includes(document))

const ofLanguage = (...languages: readonly string[]) =>
  blocks.filter(({ language }) => languages.includes(language))
const runnable = (all: readonly Block[]) => all.filter(({ notRun }) => notRun === undefined)

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

it('every block has a language that is checked here, or says why not', () => {
  const known = ['ts', 'sh', 'console', 'yaml', 'python', '']
  expect(checked.filter(({ language }) => !known.includes(language))).toEqual([])
  expect(blocks.length).toBeGreaterThan(20)
})

describe('blocks are found', () => {
  it('with their place, and with the reason for which one is not run', () => {
    const text = '- a list\n\n  <!-- not run: it needs S3 -->\n  ```ts\n  one()\n    two()\n  ```\n'
    expect(blocksIn('a.md', text)).toEqual([
      {
        place: 'a.md:4',
        document: 'a.md',
        language: 'ts',
        text: 'one()\n  two()',
        notRun: 'it needs S3',
        notChecked: undefined,
      },
    ])
  })

  it.each([['<!-- not run: -->'], ['<!-- not run -->'], ['not run: it needs S3']])(
    'and run where the comment has no reason: %s',
    above => {
      expect(blocksIn('a.md', `${above}\n\`\`\`sh\nls\n\`\`\``)[0]!.notRun).toBeUndefined()
    },
  )

  it('with the commands of a transcript, over several lines where a quote is', () => {
    const transcript = '$ query "a\n  b" --explain\nanswer\n$ ls\nmore'
    expect(commandsIn(transcript)).toEqual(['query "a\n  b" --explain', 'ls'])
  })

  it('and never end in the middle', () => {
    expect(() => blocksIn('a.md', '```ts\none()')).toThrow('a.md:1: the block does not end')
  })
})

describe.skipIf(!isBuilt)('TypeScript', () => {
  const typescript = ofLanguage('ts')
  let compiled: CompiledBlocks
  beforeAll(async () => {
    compiled = await compileBlocks(typescript)
  })
  afterAll(() => rm(compiled.folder, { recursive: true, force: true }))

  it.each(typescript)('$place compiles', block => {
    expect(compiled.faultsOf(block)).toBe('')
  })

  it.each(runnable(typescript))('$place runs', async block => {
    const compiledText = await readFile(compiled.scriptOf(block), 'utf8')
    const { folder, text } = await stage.enter(compiledText)
    const port = /\.listen\((\d+)/.exec(text)?.[1]
    const path = join(compiled.folder, `${block.place.replace(/\W+/g, '-')}.mjs`)
    const location = JSON.stringify(stage.location('orders'))
    await writeFile(path, `process.env.DOCUMENTS_TABLE = ${location}\n`)
    await appendFile(path, `await import('./given.mjs')\nawait import('./${basename(path)}.js')\n`)
    await writeFile(`${path}.js`, text)
    const listens = port === undefined ? undefined : Number(port)
    const said = await runs(process.execPath, [path], { cwd: folder, port: listens })
    // What prints rows or files and finds none shows nothing.
    if (text.includes('console.log(')) expect(said).not.toBe('')
  })
})

it.skipIf(!isBuilt)('what is wrong is found', async () => {
  const [wrong, right] = blocksIn(
    'a.md',
    "```ts\nimport { nothing } from '@spillway/client'\n```\n```ts\nexport const a = store\n```",
  )
  const compiled = await compileBlocks([wrong!, right!])
  expect(compiled.faultsOf(wrong!)).toContain("has no exported member 'nothing'")
  expect(compiled.faultsOf(right!)).toBe('')
  await rm(compiled.folder, { recursive: true })
  await expect(runs('bash', ['-c', 'echo wrong >&2; exit 3'], { cwd: '.' })).rejects.toThrow(
    'wrong',
  )
  const neverListens = runs('bash', ['-c', 'echo over'], { cwd: '.', port: 9 })
  await expect(neverListens).rejects.toThrow('nothing listens (exit 0):\nover')
})

describe.skipIf(!isBuilt)('commands', () => {
  const shell = [
    ...ofLanguage('sh'),
    ...ofLanguage('console').map(block => ({ ...block, text: commandsIn(block.text).join('\n') })),
  ]

  it.each(shell)('$place is a script', async ({ text }) => {
    expect(text.trim()).not.toBe('')
    await runs('bash', ['-n', '-c', text], { cwd: repository })
  })

  it.each(runnable(shell))('$place runs', async block => {
    const { folder, text } = await stage.enter(block.text)
    const serves = /^spillway serve /m.test(text)
    const script = [
      'set -eo pipefail',
      'shopt -s expand_aliases',
      `alias spillway="node ${main}"`,
      'export P=demo.share',
      text,
    ]
    const path = join(folder, 'block.sh')
    await writeFile(path, script.join('\n'))
    const port = /port: (\d+)/.exec(await readFile(join(folder, 'spillway.yaml'), 'utf8'))![1]
    await runs('bash', [path], { cwd: folder, port: serves ? Number(port) : undefined })
  })
})

describe.skipIf(!isBuilt || !hasClient())('pages that are walked', () => {
  it.each(walked)(
    '%s',
    async document => {
      const steps = runnable(checked.filter(block => block.document === document))
      expect(await walk(steps, { python: python! })).not.toEqual([])
      // A dozen processes, one after the other.
    },
    300_000,
  )

  it('and what does not come is found', async () => {
    const wrong = '```console\n$ echo 12 apples\n13 apples\n$ echo pears\nplums\n```'
    await expect(walk(blocksIn('a.md', wrong), { python: python! })).rejects.toThrow(
      'a.md:1: echo pears\nexpected: plums',
    )
    const failing = blocksIn('a.md', '```console\n$ spillway inspect nothing-here\n```')
    await expect(walk(failing, { python: python! })).rejects.toThrow('nothing-here')
  })
})

describe('configurations', () => {
  it.each(checked.filter(({ language }) => language === 'yaml'))(
    '$place can be served',
    async block => {
      const { folder, text } = await stage.enter(block.text)
      const path = join(folder, 'block.yaml')
      await writeFile(path, text)
      for (const name of ['secret.txt', 'spillway.secret'])
        await writeFile(join(folder, name), 'the secret of this block')
      const { shares } = await loadConfig(path)
      expect(shares.shares?.length).toBe(1)
    },
  )
})

describe.skipIf(python === undefined)('Python', () => {
  it.each(ofLanguage('python'))('$place is Python', async ({ text }) => {
    const parse = ['-c', 'import ast, sys; ast.parse(sys.argv[1])', text]
    await runs(python!, parse, { cwd: repository })
  })

  it.skipIf(!hasClient()).each(runnable(ofLanguage('python')))('$place runs', async block => {
    const { folder, text } = await stage.enter(block.text)
    await runs(python!, ['-c', text], { cwd: folder })
  })
})

/** The official client is there where the interop suite was set up. */
function hasClient(): boolean {
  if (python === undefined) return false
  return spawnSync(python, ['-c', 'import delta_sharing']).status === 0
}
