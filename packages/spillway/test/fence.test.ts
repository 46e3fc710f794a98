import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TableSource } from '@spillway/core'
import {
  type DeltaFileOptions,
  deltaAdd,
  deltaMetadata,
  deltaProtocol,
  deltaTable,
  hudiTableObjects,
  icebergManifest,
  icebergManifestList,
  jsonLinesOf,
  quickOr,
  writeIcebergTable,
} from '@spillway/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CANARY, fencedLake } from './support/fenced-lake.js'

const lake = fencedLake()
afterAll(() => lake.close())

const secret = join(lake.lake, 'secret')
const foreign = join(secret, 'part-0.parquet')
const ROWS = `SELECT '${CANARY}' AS "c-1" FROM range(3)`
let foreignSize = 0
let vectorSize = 0

beforeAll(async () => {
  foreignSize = await lake.write(foreign, ROWS)
  const vector = Buffer.from(CANARY)
  vectorSize = vector.length
  writeFileSync(join(secret, 'vector.bin'), vector)
})

/** A table of one good file and whatever else `actions` name; mapped columns need rewriting for plain recipients. */
async function delta(
  folder: string,
  mapped: boolean,
  ...actions: readonly Readonly<Record<string, unknown>>[]
): Promise<TableSource> {
  const size = await lake.write(join(folder, 'own.parquet'), `SELECT 'mine' AS "c-1" FROM range(2)`)
  const metadata = { 'delta.columnMapping.id': 1, 'delta.columnMapping.physicalName': 'c-1' }
  await deltaTable(lake.store, folder).commit(
    deltaProtocol(['columnMapping', 'deletionVectors']),
    deltaMetadata({
      fields: [{ name: mapped ? 'name' : 'c-1', type: 'string', ...(mapped && { metadata }) }],
      configuration: mapped
        ? { 'delta.columnMapping.mode': 'name', 'delta.columnMapping.maxColumnId': '1' }
        : {},
    }),
    deltaAdd('own.parquet', { size }),
    ...actions,
  )
  return { location: folder, format: 'delta' }
}

const up = 'secret/part-0.parquet'
/** Ways to spell another table's file in a log. */
const SPELLINGS: readonly (readonly [string, (folder: string) => string])[] = [
  ['an absolute path', () => foreign],
  ['file:', () => `file:${foreign}`],
  ['file:///', () => `file://${foreign}`],
  ['FILE:///', () => `FILE://${foreign}`],
  ['file://localhost', () => `file://localhost${foreign}`],
  ['//', () => `/${foreign}`],
  ['///', () => `file:////${foreign}`],
  ['%2F behind the first slash', () => `/${foreign.slice(1).replaceAll('/', '%2F')}`],
  ['%2F in a URI', () => `file:///${foreign.slice(1).replaceAll('/', '%2f')}`],
  ['..', () => `../${up}`],
  ['.. behind a folder', () => `a/../../${up}`],
  ['%2e%2e', () => `%2e%2e/${up}`],
  ['..%2F', () => `..%2F${up.replace('/', '%2F')}`],
  ['.. twice encoded', () => `%252e%252e/${up}`],
  ['.. behind the location', folder => `${folder}/../${up}`],
  ['.', () => `./../${up}`],
  ['a NUL', () => `own.parquet%00`],
  ['the name of a folder that begins alike', folder => `${folder}b/part-0.parquet`],
  ['another bucket', () => 's3://other/part-0.parquet'],
  ['an alias of a scheme', () => 's3a://other/part-0.parquet'],
  ['another scheme', () => 'https://other/part-0.parquet'],
]

describe('a Delta log that names another table’s file', () => {
  describe.each([
    ['without staging', false],
    ['with staging', true],
  ])('%s', (_, staged) => {
    it.each(SPELLINGS)('is refused before the first byte: %s', async (_, spell) => {
      const folder = lake.folder()
      const source = await delta(folder, staged, deltaAdd(spell(folder), { size: foreignSize }))
      await lake.write(`${folder}b/part-0.parquet`, ROWS)
      const { files, error, leaks } = await lake.query(source, staged)
      expect(leaks).toEqual([])
      expect(files).toEqual([])
      expect(error).toBeDefined()
      const read = await lake.read(source)
      expect(read).toMatchObject({ rows: 0, leaks: [] })
      expect(read.error).toBeDefined()
    })

    it.each(SPELLINGS.slice(0, 7))('as a vector too: %s', async (_, spell) => {
      const folder = lake.folder()
      const path = spell(folder).replace('part-0.parquet', 'vector.bin')
      const deletionVector = {
        storageType: 'p',
        pathOrInlineDv: path,
        offset: 1,
        sizeInBytes: vectorSize,
        cardinality: 1,
      }
      const source = await delta(folder, staged, own(folder, { deletionVector }))
      const { files, error, leaks } = await lake.query(source, staged)
      expect({ files, leaks }).toEqual({ files: [], leaks: [] })
      expect(error?.message).toMatch(/outside its location|deletionVectors/)
      expect(await lake.read(source)).toMatchObject({ rows: 0, leaks: [] })
    })
  })

  it('is refused with the line that would let it in, and read with it', async () => {
    for (const staged of [false, true]) {
      const source = await delta(lake.folder(), staged, deltaAdd(foreign, { size: foreignSize }))
      const { error } = await lake.query(source, staged)
      expect(error?.message).toContain(`auxiliaryLocations: [${secret}/]`)
      const allowed = { ...source, auxiliaryLocations: [secret] }
      const { files, error: none } = await lake.query(allowed, staged)
      expect(none).toBeUndefined()
      expect(files.map(({ status }) => status)).toEqual([200, 200])
      expect(await lake.read(allowed)).toMatchObject({ rows: 5, error: undefined })
      rmSync(lake.staging, { recursive: true })
      mkdirSync(lake.staging)
    }
  })

  it.each([
    ['a file', () => [foreign, 'link.parquet', 'link.parquet']],
    ['a folder', () => [secret, 'day=1', 'day=1/part-0.parquet']],
    ['a link to a link', () => [join(lake.lake, 'hop'), 'twice', 'twice/part-0.parquet']],
  ])('through a link to %s: nothing of it is read, staged or served', async (_, links) => {
    const [target, at, path] = links() as [string, string, string]
    rmSync(join(lake.lake, 'hop'), { force: true })
    symlinkSync(secret, join(lake.lake, 'hop'))
    for (const staged of [false, true]) {
      const folder = lake.folder()
      const source = await delta(folder, staged, deltaAdd(path, { size: foreignSize }))
      symlinkSync(target, join(folder, at))
      const { files, error, leaks } = await lake.query(source, staged)
      expect(leaks).toEqual([])
      // Signing asks no disk; whoever serves the file does.
      if (staged) expect(error?.message).toContain(`auxiliaryLocations: [${secret}/]`)
      else expect(files.map(({ status }) => status)).toEqual([200, 403])
      const read = await lake.read(source)
      expect(read).toMatchObject({ rows: 0, leaks: [] })
      expect(read.error?.message).toContain(`auxiliaryLocations: [${secret}/]`)
      const allowed = { ...source, auxiliaryLocations: [secret] }
      expect(await lake.read(allowed)).toMatchObject({ rows: 5, error: undefined })
    }
  })

  it('that lies in staging, of another table, is refused', async () => {
    const staged = join(lake.staging, 'ab', `${'0'.repeat(64)}.parquet`)
    const size = await lake.write(staged, `SELECT 'theirs' AS "c-1"`)
    for (const mapped of [false, true]) {
      const source = await delta(lake.folder(), mapped, deltaAdd(`file:${staged}`, { size }))
      const { files, error } = await lake.query(source, true)
      expect(files).toEqual([])
      expect(error?.message).toMatch(/outside its location/)
    }
    // Not even by a table that staging lies in.
    const around = await delta(
      lake.lake,
      false,
      deltaAdd(staged.slice(lake.lake.length + 1), { size }),
    )
    const { files, error } = await lake.query(around, true)
    expect(files).toEqual([])
    expect(error?.message).toMatch(/outside its location/)
    for (const name of ['_delta_log', 'own.parquet']) {
      rmSync(join(lake.lake, name), { recursive: true })
    }
    rmSync(staged)
  })

  it.each([
    ['an absolute sidecar', () => join(secret, 'sidecar.parquet')],
    ['a sidecar by dots', () => '../../../secret/sidecar.parquet'],
    ['a sidecar by encoded dots', () => '..%2F..%2F..%2Fsecret%2Fsidecar.parquet'],
  ])('in %s of a checkpoint: it is not opened', async (_, spell) => {
    await lake.write(join(secret, 'sidecar.parquet'), ROWS)
    const folder = lake.folder()
    const source = await delta(folder, false)
    const log = deltaTable(lake.store, folder)
    const sidecar = { path: spell(), sizeInBytes: 1, modificationTime: 1 }
    await log.writeLog(`${'0'.repeat(19)}1.json`, jsonLinesOf([{ commitInfo: { timestamp: 1 } }]))
    await log.writeLog(
      `${'0'.repeat(19)}1.checkpoint.00000000-0000-4000-8000-000000000001.json`,
      jsonLinesOf([
        { checkpointMetadata: { version: 1 } },
        deltaProtocol(['v2Checkpoint']),
        deltaMetadata({ fields: [{ name: 'c-1', type: 'string' }] }),
        { sidecar },
      ]),
    )
    rmSync(join(folder, `_delta_log/${'0'.repeat(20)}.json`))
    const { files, error, leaks } = await lake.query(source, true)
    expect({ files, leaks }).toEqual({ files: [], leaks: [] })
    expect(error).toBeDefined()
  })

  it.each([
    ['a commit', `_delta_log/${'0'.repeat(19)}1.json`],
    ['the pointer to the last checkpoint', '_delta_log/_last_checkpoint'],
  ])('whose %s is a link out of the table is not read', async (_, name) => {
    const folder = lake.folder()
    const source = await delta(folder, false)
    writeFileSync(join(secret, 'log.json'), `{"add":{"path":"${CANARY}"}}\n`)
    symlinkSync(join(secret, 'log.json'), join(folder, name))
    const { files, error, leaks } = await lake.query(source, true)
    expect({ files, leaks }).toEqual({ files: [], leaks: [] })
    expect(error?.message).toContain(`auxiliaryLocations: [${secret}/]`)
  })

  it.each([
    ['read', false],
    ['rewritten', true],
  ])(
    'cannot be %s through a folder that becomes a link once it was looked at',
    async (_, staged) => {
      const folder = lake.folder()
      const mine = ROWS.replace(CANARY, 'm'.repeat(CANARY.length))
      const size = await lake.write(join(folder, 'day/part-0.parquet'), mine)
      const source = await delta(folder, true, deltaAdd('day/part-0.parquet', { size }))
      lake.onOpened('day/part-0.parquet', () => {
        renameSync(join(folder, 'day'), join(folder, 'kept'))
        symlinkSync(secret, join(folder, 'day'))
      })
      if (staged) {
        const { error, files, leaks } = await lake.query(source, true)
        expect({ error, leaks }).toEqual({ error: undefined, leaks: [] })
        expect(files).toHaveLength(2)
      } else {
        expect(await lake.read(source)).toMatchObject({ rows: 5, error: undefined, leaks: [] })
      }
      expect(await lake.read(source)).toMatchObject({ rows: 0, leaks: [] })
    },
  )

  it('cannot win by swapping a folder for a link while it is read', async () => {
    const folder = lake.folder()
    const size = await lake.write(
      join(folder, 'day/part-0.parquet'),
      ROWS.replace(CANARY, 'm'.repeat(CANARY.length)),
    )
    const source = await delta(folder, true, deltaAdd('day/part-0.parquet', { size }))
    let swaps = 0
    let stopped = false
    const swapping = (async () => {
      while (!stopped) {
        renameSync(join(folder, 'day'), join(folder, 'kept'))
        symlinkSync(secret, join(folder, 'day'))
        await new Promise(resolve => setImmediate(resolve))
        rmSync(join(folder, 'day'))
        renameSync(join(folder, 'kept'), join(folder, 'day'))
        swaps++
        await new Promise(resolve => setImmediate(resolve))
      }
    })()
    for (let i = 0; i < quickOr(6, 30); i++) {
      const { leaks } = await lake.query(source, true)
      expect(leaks).toEqual([])
      const read = await lake.read(source)
      expect(read.leaks).toEqual([])
    }
    stopped = true
    await swapping
    expect(swaps).toBeGreaterThan(10)
    expect(await lake.read(source)).toMatchObject({ rows: 5, error: undefined })
  })
})

function own(folder: string, options: DeltaFileOptions) {
  return deltaAdd(`${folder}/own.parquet`, { size: foreignSize, ...options })
}

describe('a table that is its own', () => {
  it.each<readonly [string, (real: string) => string]>([
    ['by a link', real => linked(real)],
    ['with a slash at its end', real => `${real}/`],
    ['as a URI', real => `file://${real}`],
    ['with doubled slashes', real => real.replace(/\/(?=[^/]*$)/, '//')],
  ])('is read and shared %s', async (_, name) => {
    for (const staged of [false, true]) {
      const folder = lake.folder()
      const size = await lake.write(`${folder}/x/b.parquet`, `SELECT 'mine' AS "c-1"`)
      await delta(folder, staged, deltaAdd('x/b.parquet', { size }))
      symlinkSync(join(folder, 'x'), join(folder, 'y'))
      const source = { location: name(folder), format: 'delta' } as const
      const { files, error } = await lake.query(source, staged)
      expect(error).toBeUndefined()
      expect(files.map(({ status }) => status)).toEqual([200, 200])
      expect(await lake.read(source)).toMatchObject({ rows: 3, error: undefined })
    }
  })

  it("is read where its name is odd: it's [a] 50% #1 ü?", async () => {
    for (const staged of [false, true]) {
      const folder = join(lake.folder(), "it's [a] 50% #1 ü?")
      const source = await delta(folder, staged)
      const { files, error } = await lake.query(source, staged)
      expect(error).toBeUndefined()
      expect(files).toHaveLength(1)
      expect(await lake.read(source)).toMatchObject({ rows: 2, error: undefined })
    }
  })
})

function linked(real: string): string {
  symlinkSync(real, `${real}-link`)
  return `${real}-link`
}

const FIELD = { id: 1, name: 'c-1', physicalName: 'c-1', type: 'string', nullable: true } as const

interface IcebergPaths {
  readonly data?: string
  readonly deletes?: string
  readonly vector?: string
  readonly manifest?: string
  readonly list?: string
}

/** An Iceberg table of one good file, and whatever `paths` put in the place of its own. */
async function iceberg(folder: string, paths: IcebergPaths): Promise<TableSource> {
  const data = join(folder, 'data/own.parquet')
  const size = await lake.write(data, `SELECT 'mine' AS "c-1"`, ", FIELD_IDS {'c-1': 1}")
  const version = paths.vector === undefined ? 2 : 3
  const entries = [
    { path: paths.data ?? data, recordCount: 1, size: paths.data ? foreignSize : size },
  ]
  const put = async (name: string, bytes: Uint8Array) => {
    const path = join(folder, 'metadata', name)
    await lake.store.put(path, bytes)
    return { path, length: bytes.length, sequenceNumber: 1 }
  }
  const options = { formatVersion: version, sequenceNumber: 1 } as const
  const listed = await put('m0.avro', icebergManifest({ ...options, entries }))
  const deletes = paths.deletes ?? paths.vector
  const more =
    deletes === undefined
      ? []
      : [
          {
            ...(await put(
              'm1.avro',
              icebergManifest({
                ...options,
                content: 'deletes',
                entries: [
                  {
                    content: 1,
                    path: deletes,
                    recordCount: 1,
                    size: foreignSize,
                    ...(paths.vector !== undefined && {
                      format: 'PUFFIN',
                      referencedFile: data,
                      contentOffset: 4,
                      contentSize: vectorSize,
                    }),
                  },
                ],
              }),
            )),
            content: 'deletes' as const,
          },
        ]
  const manifests = [{ ...listed, path: paths.manifest ?? listed.path }, ...more]
  await writeIcebergTable(lake.store, folder, { ...options, fields: [FIELD], manifests })
  if (paths.list !== undefined) {
    const path = join(folder, 'metadata/v1.metadata.json')
    const text = Buffer.from((await lake.store.get(path))!.bytes).toString()
    const own = `${folder}/metadata/snap-1.avro`
    writeFileSync(path, text.replace(own, paths.list))
  }
  return { location: folder, format: 'iceberg' }
}

describe('an Iceberg table that leads to another table’s files', () => {
  const avro = join(secret, 'm.avro')
  beforeAll(() => {
    const entries = [{ path: CANARY, recordCount: 1, size: 1 }]
    writeFileSync(avro, icebergManifest({ entries }))
    writeFileSync(join(secret, 'list.avro'), icebergManifestList([{ path: CANARY, length: 1 }]))
  })

  const spelled = (path: string) => [
    path,
    `file:${path}`,
    `file://${path}`,
    `/${path}`,
    `${lake.lake}/x/../${path.slice(lake.lake.length + 1)}`,
    path.replace(lake.lake, 's3://other'),
  ]
  const kinds: readonly (readonly [keyof IcebergPaths, string])[] = [
    ['data', foreign],
    ['deletes', foreign],
    ['vector', join(secret, 'vector.bin')],
    ['manifest', avro],
    ['list', join(secret, 'list.avro')],
  ]

  it.each(
    kinds.flatMap(([kind, path]) => spelled(path).map(spelling => [kind, spelling] as const)),
  )('by its %s is refused before anything of them is read: %s', async (kind, spelling) => {
    for (const staged of [false, true]) {
      const source = await iceberg(lake.folder(), { [kind]: spelling })
      const { files, error, leaks } = await lake.query(source, staged)
      expect({ files, leaks }).toEqual({ files: [], leaks: [] })
      expect(error).toBeDefined()
      const read = await lake.read(source)
      expect(read).toMatchObject({ rows: 0, leaks: [] })
      expect(read.error?.message).toMatch(/outside its location/)
    }
  })

  it('by a metadata file that names them is refused, and read once that is allowed', async () => {
    const elsewhere = lake.folder()
    await iceberg(elsewhere, {})
    const own = lake.folder()
    const metadataFile = `${elsewhere}/metadata/v1.metadata.json`
    const source = { location: own, format: 'iceberg', metadataFile } as const
    const { error } = await lake.query(source, false)
    expect(error?.message).toMatch(/auxiliaryLocations: \[\S+\/metadata\/\]/)
    const allowed = { ...source, auxiliaryLocations: [elsewhere] }
    expect(await lake.read(allowed)).toMatchObject({ rows: 1, error: undefined })
  })

  it.each([
    ['the hint', 'metadata/version-hint.text'],
    ['the metadata', 'metadata/v1.metadata.json'],
    ['the manifest', 'metadata/m0.avro'],
    ['the data', 'data/own.parquet'],
  ])('by a link in the place of %s reads nothing of them', async (_, name) => {
    for (const staged of [false, true]) {
      const folder = lake.folder()
      const source = await iceberg(folder, {})
      rmSync(join(folder, name))
      symlinkSync(foreign, join(folder, name))
      const { files, leaks } = await lake.query(source, staged)
      expect(leaks).toEqual([])
      expect(files.filter(({ status }) => status === 200)).toEqual([])
      expect(await lake.read(source)).toMatchObject({ rows: 0, leaks: [] })
    }
  })

  it('is read and shared where all is its own', async () => {
    const source = await iceberg(lake.folder(), {})
    expect((await lake.query(source, true)).files).toMatchObject([{ status: 200 }])
    expect(await lake.read(source)).toMatchObject({ rows: 1, error: undefined })
  })
})

describe('a Hudi table that leads to another table’s files', () => {
  const schema = JSON.stringify({
    type: 'record',
    name: 't',
    fields: [{ name: 'c-1'.replace('-', '_'), type: 'string' }],
  })
  const name = 'f-0_0-0-0_20260101000000001.parquet'

  async function hudi(folder: string, partition: string, metadata: boolean): Promise<TableSource> {
    const file = { partition, name, fileId: 'f-0', size: foreignSize }
    const objects = hudiTableObjects({
      root: folder,
      tableType: 'COPY_ON_WRITE',
      schema,
      metadata,
      commits: [
        {
          begin: '20260101000000001',
          completion: '20260101000000002',
          action: 'commit',
          files: [file],
        },
      ],
    })
    for (const [path, bytes] of objects) {
      await lake.store.put(path, typeof bytes === 'string' ? Buffer.from(bytes) : bytes)
    }
    return { location: folder, format: 'hudi' }
  }

  it.each([
    ['dots', () => `../${up.slice(0, 6)}`],
    ['an absolute folder', () => secret],
    ['a URI', () => `file://${secret}`],
  ])('by a partition of %s reads nothing of them', async (_, partition) => {
    await lake.write(join(secret, name), ROWS)
    for (const metadata of [false, true]) {
      const source = await hudi(lake.folder(), partition(), metadata)
      const { files, leaks } = await lake.query(source, true)
      expect(leaks).toEqual([])
      expect(files.filter(({ status }) => status === 200)).toEqual([])
      expect(await lake.read(source)).toMatchObject({ rows: 0, leaks: [] })
    }
  })

  it.each([
    ['its properties', '.hoodie/hoodie.properties'],
    ['a base file', name],
    ['its timeline', '.hoodie/timeline/20260101000000001_20260101000000002.commit'],
  ])('by a link in the place of %s reads nothing of them', async (_, at) => {
    for (const metadata of [false, true]) {
      const folder = lake.folder()
      const source = await hudi(folder, '', metadata)
      rmSync(join(folder, at), { force: true })
      symlinkSync(foreign, join(folder, at))
      const { files, leaks } = await lake.query(source, true)
      expect(leaks).toEqual([])
      expect(files.filter(({ status }) => status === 200)).toEqual([])
      expect(await lake.read(source)).toMatchObject({ rows: 0, leaks: [] })
    }
  })
})

describe('a folder of Parquet files', () => {
  it.each([
    ['a file', 'a.parquet', () => foreign],
    ['a folder', 'day=1', () => secret],
  ])(
    'is refused where it holds a link to %s of another table, and read once that is allowed',
    async (_, at, target) => {
      for (const staged of [false, true]) {
        const folder = lake.folder()
        await lake.write(join(folder, 'own.parquet'), `SELECT 'mine' AS "c-1"`)
        symlinkSync(target(), join(folder, at))
        const source = { location: folder, format: 'parquet' } as const
        const { files, error, leaks } = await lake.query(source, staged)
        expect({ files, leaks }).toEqual({ files: [], leaks: [] })
        expect(error?.message).toContain(`auxiliaryLocations: [${secret}/`)
        expect(await lake.read(source)).toMatchObject({ rows: 0, leaks: [] })
      }
    },
  )

  it('is read through links that stay inside, and as a pattern', async () => {
    const folder = lake.folder()
    await lake.write(join(folder, '.data/own.parquet'), `SELECT 'mine' AS "c-1"`)
    symlinkSync(join(folder, '.data/own.parquet'), join(folder, 'link.parquet'))
    for (const location of [folder, `${folder}/*.parquet`]) {
      const source = { location, format: 'parquet' } as const
      expect((await lake.query(source, true)).files).toMatchObject([{ status: 200 }])
      expect(await lake.read(source)).toMatchObject({ rows: 1, error: undefined })
    }
  })
})
