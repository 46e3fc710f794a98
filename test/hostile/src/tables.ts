import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TableFormat, TableSource } from '@spillway/core'
import { readTarGz } from '@spillway/testkit'

/** A table that other people's writers wrote. Its bytes are read when they are first wanted. */
export interface BenchTable {
  readonly name: string
  readonly format: TableFormat
  readonly source: TableSource
  /** By path, absolute as the readers are told them. */
  readonly objects: () => ReadonlyMap<string, Uint8Array>
}

const ROOT = 's3://bench/'
const repository = fileURLToPath(new URL('../../../', import.meta.url))
const fixtures = join(repository, 'test', 'fixtures')
const shared = process.env.SPILLWAY_SHARED_FIXTURES ?? join(repository, '..', 'shared', 'fixtures')

type Rebase = readonly { readonly from: string; readonly to: string }[]

/** Every table of `test/fixtures`, and those of `../shared/fixtures` where it is present, in one order everywhere. */
export function benchTables(): readonly BenchTable[] {
  return [
    ...goldenDelta(),
    ...goldenIceberg(),
    ...goldenHudi(),
    ...real(),
    ...parquetFolders(),
    ...sharedTables(),
  ]
}

function goldenDelta(): readonly BenchTable[] {
  const folder = join(fixtures, 'delta')
  interface Entry {
    readonly folder: string
    readonly rebase?: readonly { readonly from: string; readonly folder: string }[]
  }
  return catalogue<Entry>(join(folder, 'catalogue.json')).map(({ folder: name, rebase }) => {
    if (rebase === undefined) {
      return inFolder(`golden/${name}`, 'delta', { folder: join(folder, name), table: '' })
    }
    const others = [...new Set(rebase.map(each => each.folder))]
    return inFolder(`golden/${name}`, 'delta', {
      folder,
      table: name,
      members: [name, ...others],
      rebase: rebase.map(each => ({ from: each.from, to: each.folder })),
      auxiliary: others,
    })
  })
}

function goldenIceberg(): readonly BenchTable[] {
  const folder = join(fixtures, 'iceberg')
  const tables = catalogue<{ folder: string; rebase?: Rebase }>(join(folder, 'catalogue.json'))
  return tables.map(({ folder: name, rebase }) =>
    inFolder(`golden/${name}`, 'iceberg', { folder: join(folder, name), table: '', rebase }),
  )
}

function goldenHudi(): readonly BenchTable[] {
  const folder = join(fixtures, 'hudi')
  return catalogue<{ archive: string }>(join(folder, 'catalogue.json')).map(({ archive }) => {
    const name = `golden/${archive.replace('.tar.gz', '')}`
    const location = `${ROOT}hudi/${name}`
    return {
      name,
      format: 'hudi',
      source: { location, format: 'hudi' },
      objects: once(
        () =>
          new Map(
            [...readTarGz(readFileSync(join(folder, archive)))].map(([path, bytes]) => [
              `${location}/${path}`,
              bytes,
            ]),
          ),
      ),
    }
  })
}

interface Expectation {
  readonly rebase?: Rebase
  readonly auxiliary?: readonly string[]
  readonly metadataFile?: string
}

/** The tables of public reports: each in a folder `table`, with what it is beside. */
function real(): readonly BenchTable[] {
  return (['delta', 'iceberg', 'hudi', 'parquet'] as const).flatMap(format =>
    names(join(fixtures, 'real', format)).map(name => {
      const folder = join(fixtures, 'real', format, name)
      const said = JSON.parse(readFileSync(join(folder, 'expect.json'), 'utf8')) as Expectation
      return inFolder(`real/${name}`, format, { folder, table: 'table', ...said })
    }),
  )
}

function parquetFolders(): readonly BenchTable[] {
  const folder = join(fixtures, 'parquet-tables')
  return names(folder)
    .filter(name => !name.endsWith('.py'))
    .map(name => inFolder(`golden/${name}`, 'parquet', { folder, table: name }))
}

interface SharedEntry {
  readonly name: string
  readonly metadataFile?: string
  readonly pathRemap?: Rebase
}

function sharedTables(): readonly BenchTable[] {
  return (['delta', 'iceberg', 'hudi'] as const).flatMap(format => {
    const folder = join(shared, format)
    const manifest = join(folder, 'manifest.jsonl')
    if (!existsSync(manifest)) return []
    const entries = readFileSync(manifest, 'utf8')
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as SharedEntry)
    return entries
      .filter(({ name }) => existsSync(join(folder, name)))
      .map(({ name, metadataFile, pathRemap }) =>
        inFolder(`shared/${name}`, format, {
          folder: join(folder, name),
          table: '',
          ...(metadataFile && { metadataFile }),
          ...(pathRemap && { rebase: pathRemap }),
        }),
      )
  })
}

interface Folder {
  /** What lies in it is the table's world: auxiliary locations too. */
  readonly folder: string
  readonly table: string
  readonly rebase?: Rebase | undefined
  readonly auxiliary?: readonly string[] | undefined
  readonly metadataFile?: string | undefined
  /** Folders of `folder` that are the table's world; absent: all of it. */
  readonly members?: readonly string[] | undefined
}

function inFolder(
  name: string,
  format: TableFormat,
  { folder, table, rebase, auxiliary, metadataFile, members = [''] }: Folder,
): BenchTable {
  const world = `${ROOT}${format}/${name}`
  const at = (path: string) => (path === '' ? world : `${world}/${path}`)
  const location = at(table)
  return {
    name,
    format,
    source: {
      location,
      format,
      ...(rebase && { rebase: rebase.map(({ from, to }) => ({ from, to: at(to) })) }),
      ...(auxiliary && { auxiliaryLocations: auxiliary.map(at) }),
      ...(metadataFile && {
        metadataFile: metadataFile.includes('{folder}')
          ? metadataFile.replace(/^(file:(\/\/)?)?\{folder\}/, world)
          : `${location}/${metadataFile}`,
      }),
    },
    objects: once(() => {
      const paths = members.flatMap(member => filesBelow(join(folder, member)))
      return new Map(
        paths
          .filter(path => !path.endsWith('expect.json'))
          .map(path => [
            at(relative(folder, path).split(sep).join('/')),
            new Uint8Array(readFileSync(path)),
          ]),
      )
    }),
  }
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? filesBelow(path) : [path]
    })
}

function names(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : []
}

function catalogue<Table>(path: string): readonly Table[] {
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly tables: readonly Table[] }).tables
}

function once<Value>(make: () => Value): () => Value {
  let made: Value | undefined
  return () => {
    made ??= make()
    return made
  }
}
