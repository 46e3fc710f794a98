import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Field } from '@spillway/core'
import { localStore } from '@spillway/storage'
import {
  icebergManifest,
  type ListedManifest,
  type ManifestEntry,
  parquetFooterFile,
  writeIcebergTable,
} from '@spillway/testkit'
import type { RunningServer } from 'spillway'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Asked, serve, type Told, told, walk } from './disjoint/asking.js'
import type { Format, Region } from './disjoint/lake.js'

/** What is declared of a table may follow from a single file: rows that are deleted of it, a value nobody can spell. */
const FORMATS: readonly Format[] = ['iceberg', 'parquet']

const folder = mkdtempSync(join(tmpdir(), 'disjoint-facts-'))
const locationOf = (format: string) => join(folder, 'lake', format)

const ID: Field = { id: 1, name: 'id', physicalName: 'id', type: 'long', nullable: true }
const REGION: Field = { ...ID, id: 2, name: 'region', physicalName: 'region', type: 'string' }
const FILE = parquetFooterFile([ID, REGION], [{ rowCount: 10, columns: new Map() }], { ids: true })
const TIME = new Date('2026-01-02T00:00:00Z')

/** Files of `us` alone have what is to be declared. */
async function writeAll(regions: readonly Region[]): Promise<void> {
  rmSync(join(folder, 'lake'), { recursive: true, force: true })
  const iceberg = locationOf('iceberg')
  const entries = regions.map(region => entryOf(region, `${iceberg}/region=${region}/f.parquet`))
  const deletes = entries
    .filter(({ partition }) => partition![0] === 'us')
    .map(entry => ({ ...entry, content: 1 as const, path: `${iceberg}/region=us/d.parquet` }))
  for (const { path } of [...entries, ...deletes]) put(path, FILE)
  const manifests = [listed(`${iceberg}/metadata/data.avro`, 'data', entries)]
  if (deletes.length > 0) {
    manifests.push(listed(`${iceberg}/metadata/deletes.avro`, 'deletes', deletes))
  }
  await writeIceberg(iceberg, manifests)
  for (const region of regions) {
    const day = region === 'us' ? '' : 'monday'
    put(join(locationOf('parquet'), `region=${region}/day=${day}/f.parquet`), PLAIN_FILE)
  }
}

function writeIceberg(location: string, manifests: readonly ListedManifest[]): Promise<void> {
  return writeIcebergTable(localStore({ roots: [location] }), location, {
    fields: [ID, REGION],
    specs: [{ id: 0, fields: [{ id: 1000, name: 'region', sourceId: 2, transform: 'identity' }] }],
    manifests,
  })
}

const PLAIN_FILE = parquetFooterFile([ID], [{ rowCount: 10, columns: new Map() }], { ids: true })

function entryOf(region: Region, path: string): ManifestEntry {
  return { path, partition: [region], recordCount: 10, size: FILE.length }
}

function listed(
  path: string,
  content: 'data' | 'deletes',
  entries: readonly ManifestEntry[],
): ListedManifest {
  const partition = [{ id: 1000, name: 'region', type: 'string' as const }]
  const bytes = icebergManifest({ content, partition, entries })
  put(path, bytes)
  const live = entries.filter(({ status }) => status !== 2)
  const regions = live.map(({ partition: tuple }) => utf8.encode(String(tuple![0]))).sort()
  const counted = {
    addedFiles: live.length,
    existingFiles: 0,
    deletedFiles: entries.length - live.length,
  }
  const summary = { containsNull: false, lower: regions[0]!, upper: regions.at(-1)! }
  return {
    path,
    length: bytes.length,
    content,
    sequenceNumber: 1,
    ...counted,
    partitions: [summary],
  }
}

const utf8 = new TextEncoder()

function put(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
  utimesSync(path, TIME, TIME)
}

const CLIENTS = [
  'responseformat=parquet',
  'responseformat=delta',
  'responseformat=delta;readerfeatures=deletionvectors,columnmapping',
  'responseformat=parquet,delta;readerfeatures=deletionvectors,columnmapping',
]

function questionsOf(format: Format): readonly Asked[] {
  const table = `/shares/{share}/schemas/d/tables/${format}`
  return CLIENTS.flatMap(capabilities => [
    { method: 'GET', path: `${table}/metadata`, capabilities },
    { method: 'POST', path: `${table}/query`, body: {}, capabilities },
    { method: 'POST', path: `${table}/query`, body: { maxFiles: 1 }, capabilities },
    { method: 'POST', path: `${table}/query`, body: { version: 1 }, capabilities },
    { method: 'GET', path: `${table}/changes?startingVersion=0`, capabilities },
    {
      method: 'GET',
      path: `${table}/changes?startingVersion=0&includeHistoricalMetadata=true`,
      capabilities,
    },
  ])
}

async function gather(server: RunningServer, region: Region, format: Format) {
  const all: { asked: Asked; pages: readonly Told[] }[] = []
  for (const asked of questionsOf(format)) {
    all.push({ asked, pages: (await walk(server, region, asked)).map(told) })
  }
  return all
}

type Answers = Awaited<ReturnType<typeof gather>>
const alone = new Map<Format, Answers>()
const inPart = new Map<string, Answers>()

beforeAll(async () => {
  await writeAll(['eu'])
  const apart = await serve(folder, format => ({ location: locationOf(format) }), FORMATS)
  for (const format of FORMATS) alone.set(format, await gather(apart, 'eu', format))
  await apart.close(0)
  await writeAll(['eu', 'us'])
  const partitionsOf = (region: Region) => ({ partitions: `region = '${region}'` })
  const parted = await serve(
    folder,
    (format, region) => ({ location: locationOf(format), ...partitionsOf(region) }),
    FORMATS,
  )
  for (const region of ['eu', 'us'] as const) {
    for (const format of FORMATS) {
      inPart.set(`${format} ${region}`, await gather(parted, region, format))
    }
  }
  await parted.close(0)
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const statusOf = (answers: Answers) => answers.map(({ pages }) => pages[0]!.status)

describe.each(FORMATS)('%s', format => {
  it('declares to the one what a table of the granted files alone would', () => {
    expect(inPart.get(`${format} eu`)).toEqual(alone.get(format))
    expect(statusOf(alone.get(format)!).slice(0, 3)).toEqual([200, 200, 200])
  })

  it('declares to the other what its files take', () => {
    const [metadata, query] = inPart.get(`${format} us`)!
    const text = metadata!.pages[0]!.lines.join()
    if (format === 'parquet') {
      expect(text).toContain('"partitionColumns":["region"]')
      expect(alone.get(format)![0]!.pages[0]!.lines.join()).toContain('["region","day"]')
    } else {
      expect(metadata!.pages[0]!.status).toBe(400)
      expect(query!.pages[0]!.status).toBe(400)
      expect(text).toContain('deletionVectors')
    }
  })
})

const ICEBERG: readonly Format[] = ['iceberg']
const icebergOf = (name: string) => join(folder, 'odd', name)

/** What may be beside the files of `eu`, where it is nobody's but the recipients of `us`. */
interface Odd {
  readonly deletes: (location: string) => readonly ManifestEntry[]
  /** What becomes of the manifest once it is written. */
  readonly damage?: (path: string) => void
  readonly damaged?: 'data.us' | 'deletes'
  /** Without them, only the manifest itself tells which partitions it has. */
  readonly summaries?: false
}

const entry = (location: string, more: Partial<ManifestEntry>): ManifestEntry => ({
  ...entryOf('us', `${location}/region=us/d.parquet`),
  content: 1,
  ...more,
})
const cut = (path: string) => {
  const bytes = readFileSync(path)
  for (let i = bytes.length >> 1; i < bytes.length; i++) bytes[i] = bytes[i]! ^ 0xff
  put(path, bytes)
}

const ODD: Readonly<Record<string, Odd>> = {
  'deletes whose manifest is missing': {
    deletes: location => [entry(location, {})],
    damage: path => rmSync(path),
    damaged: 'deletes',
  },
  'deletes whose manifest is damaged': {
    deletes: location => [entry(location, {})],
    damage: cut,
    damaged: 'deletes',
  },
  'data whose manifest is damaged': {
    deletes: () => [],
    damage: cut,
    damaged: 'data.us',
  },
  'deletes, and dead ones of the granted files': {
    deletes: location => [
      entry(location, {}),
      entry(location, {
        status: 2,
        partition: ['eu'],
        path: `${location}/region=eu/d.parquet`,
      }),
    ],
  },
  'a vector without its data file': {
    deletes: location => [entry(location, { format: 'PUFFIN', contentOffset: 4, contentSize: 40 })],
    summaries: false,
  },
  'a data file among deletes': {
    deletes: location => [entry(location, { content: 0 })],
    summaries: false,
  },
  'equality deletes of nothing': {
    deletes: location => [entry(location, { content: 2 })],
    summaries: false,
  },
}

/** Files of each region in a manifest of its own. */
async function writeOdd(location: string, odd: Odd | undefined): Promise<void> {
  rmSync(location, { recursive: true, force: true })
  const regions: readonly Region[] = odd === undefined ? ['eu'] : ['eu', 'us']
  const manifests = regions.map(region => {
    const entries = [entryOf(region, `${location}/region=${region}/f.parquet`)]
    put(entries[0]!.path, FILE)
    return listed(`${location}/metadata/data.${region}.avro`, 'data', entries)
  })
  const deletes = odd?.deletes(location) ?? []
  for (const { path } of deletes) put(path, FILE)
  if (deletes.length > 0) {
    const { partitions, ...told } = listed(`${location}/metadata/deletes.avro`, 'deletes', deletes)
    manifests.push({ ...told, ...(odd!.summaries === false ? {} : { partitions: partitions! }) })
  }
  await writeIceberg(location, manifests)
  if (odd?.damaged !== undefined) odd.damage!(`${location}/metadata/${odd.damaged}.avro`)
}

describe.each(Object.keys(ODD))('%s of the other part', name => {
  it('are nothing to whoever was granted another', async () => {
    const location = icebergOf(name.replaceAll(/\W/g, '-'))
    const gatherFrom = async (more: { readonly partitions?: string }) => {
      const server = await serve(folder, () => ({ location, ...more }), ICEBERG)
      const answers = await gather(server, 'eu', 'iceberg')
      await server.close(0)
      return answers
    }
    await writeOdd(location, undefined)
    const table = await gatherFrom({})
    await writeOdd(location, ODD[name]!)
    expect(await gatherFrom({ partitions: "region = 'eu'" })).toEqual(table)
    expect(statusOf(table).slice(0, 3)).toEqual([200, 200, 200])
  })
})
