import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Field } from '@spillway/core'
import { localStore } from '@spillway/storage'
import {
  icebergManifest,
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
  const manifests = [listed(iceberg, 'data', entries), listed(iceberg, 'deletes', deletes)]
  await writeIcebergTable(localStore({ roots: [iceberg] }), iceberg, {
    fields: [ID, REGION],
    specs: [{ id: 0, fields: [{ id: 1000, name: 'region', sourceId: 2, transform: 'identity' }] }],
    manifests: manifests.filter(({ addedFiles }) => addedFiles > 0),
  })
  for (const region of regions) {
    const day = region === 'us' ? '' : 'monday'
    put(join(locationOf('parquet'), `region=${region}/day=${day}/f.parquet`), PLAIN_FILE)
  }
}

const PLAIN_FILE = parquetFooterFile([ID], [{ rowCount: 10, columns: new Map() }], { ids: true })

function entryOf(region: Region, path: string): ManifestEntry {
  return { path, partition: [region], recordCount: 10, size: FILE.length }
}

function listed(location: string, content: 'data' | 'deletes', entries: readonly ManifestEntry[]) {
  const path = `${location}/metadata/${content}.avro`
  const partition = [{ id: 1000, name: 'region', type: 'string' as const }]
  const bytes = icebergManifest({ content, partition, entries })
  put(path, bytes)
  const counted = { addedFiles: entries.length, existingFiles: 0, deletedFiles: 0 }
  return { path, length: bytes.length, content, sequenceNumber: 1, ...counted }
}

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
