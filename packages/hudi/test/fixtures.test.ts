import { localStore } from '@spillway/storage'
import { describe, expect, it } from 'vitest'
import { hudiReader } from '../src/index.js'
import {
  hasSharedFixtures,
  liveFiles,
  noCache,
  readManifest,
  sharedFixtures,
} from './support/real-tables.js'

const reader = hudiReader({ store: localStore(), cache: noCache })
const open = (name: string) => reader.snapshot({ location: `file://${sharedFixtures}/${name}` })
const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1)

const manifest = hasSharedFixtures ? readManifest() : []
const readable = manifest.filter(
  ({ name, expected }) =>
    expected.error === undefined && expected.schemaFields !== null && !name.includes('lance'),
)

describe.skipIf(!hasSharedFixtures)('tables of other projects (skipped without ../shared)', () => {
  it('has tables to read', () => {
    expect(readable.length).toBeGreaterThan(20)
  })

  it.each(readable.map(entry => [entry.name, entry] as const))(
    'reads %s',
    async (name, { expected, tableVersion }) => {
      const snapshot = await open(name)
      const files = await liveFiles(snapshot)
      const found = files
        .map(file => [file.recordedPath, file.logFiles.map(log => baseName(log.path)).sort()])
        .sort()
      const wanted = expected.fileSlices
        .map(slice => [slice.baseFile, slice.logFiles.map(baseName).sort()])
        .sort()
      const native = snapshot.native.format === 'hudi' ? snapshot.native : undefined
      expect({
        files: found,
        version: native?.tableVersion,
        instant: native?.instant || null,
        columns: snapshot.schema.fields.map(field => field.name),
      }).toEqual({
        files: wanted,
        version: tableVersion,
        instant: expected.latestCommit,
        columns: expected.schemaFields!.filter(column => !column.startsWith('_hoodie_')),
      })
    },
  )

  it.each([
    ['neg_not_a_hudi_table', 'NOT_FOUND'],
    ['neg_v10_table_version', 'UNSUPPORTED_FEATURE'],
    ['neg_missing_table_type', 'TABLE_CORRUPT'],
    ['table_props_invalid', 'TABLE_CORRUPT'],
    ['table_props_no_create_schema', 'TABLE_CORRUPT'],
    ['derived_missing_base_file', 'TABLE_CORRUPT'],
    ['v9_lance_nonpartitioned__cow', 'UNSUPPORTED_FEATURE'],
  ])('refuses %s', async (name, code) => {
    const opened = open(name).then(liveFiles)
    await expect(opened).rejects.toMatchObject({ code })
  })

  it('leaves out a file that a write in flight made', async () => {
    const files = await liveFiles(await open('derived_v6_last_commit_uncommitted'))
    expect(files.map(file => file.recordedPath)).toEqual([
      'a079bdb3-731c-4894-b855-abfcd6921007-0_0-182-253_20240418173550988.parquet',
    ])
  })

  it('refuses a log file whose bytes are damaged, and still gives the read-optimized view', async () => {
    const location = `file://${sharedFixtures}/neg_v6_log_bad_magic`
    const snapshot = await reader.snapshot({ location })
    const [file] = (await liveFiles(snapshot)).filter(each => each.logFiles.length > 0)
    const merge = async () => {
      for await (const _ of snapshot.mergedLogs!(file!));
    }
    await expect(merge()).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
    const view = await reader.snapshot({ location, view: 'read-optimized' })
    expect([
      (await liveFiles(view)).length,
      view.properties.get('hudi.queryType'),
      view.description?.slice(0, 20),
    ]).toEqual([3, 'read_optimized', 'Read-optimized view:'])
    expect([snapshot.deletes, view.deletes]).toEqual(['log-files', 'none'])
  })

  it('finds the names that columns had in older files', async () => {
    const snapshot = await open('synth_v6_cow_schema_evolution_rename')
    const files = await liveFiles(snapshot)
    const years = snapshot.schema.find(['years'])![0].id
    const score = snapshot.schema.find(['score'])![0].id
    expect(
      files.map(file => [file.columnNames?.get(years), file.columnNames?.get(score)]).sort(),
    ).toEqual([
      ['age', null],
      ['years', 'score'],
    ])
  })

  it('travels to an archived version', async () => {
    const source = { location: `file://${sharedFixtures}/synth_v8_cow_archived_lsm` }
    const at = { kind: 'version', version: 20250101000205000n } as const
    const snapshot = await reader.snapshot(source, { at })
    expect([snapshot.version, (await liveFiles(snapshot)).length]).toEqual([20250101000205000n, 2])
  })
})
