import type { TableFormat } from '@spillway/core'
import type { Answer, Aspect } from './answer.js'
import type { Mutant } from './mutant.js'

/**
 * A change of what a table says that no reader can tell from what its writer might have said. Everything else that
 * changes an answer is a finding: first of all whatever leaves a file no longer whole, or contradicts a length, a checksum, a
 * count or another place that says the same.
 */
export interface Explanation {
  readonly format: TableFormat
  readonly kind: RegExp
  /** The place that changed: `part: path`, or what was done to the file. */
  readonly place: RegExp
  readonly aspects: readonly Aspect[]
  readonly when?: (clean: Answer, found: Answer, mutant: Mutant) => boolean
  readonly why: string
}

const FILES = ['files', 'counts', 'partitions', 'rows'] as const
const ALL = ['version', 'schema', ...FILES] as const

/** The answer is an earlier version's. */
const earlier = (clean: Answer, found: Answer) => BigInt(found.version) < BigInt(clean.version)

/** The write that a base file is from was archived since, or stands in the active timeline for a savepoint alone. */
function isOfArchivedWrite(_clean: Answer, _found: Answer, { table, path }: Mutant): boolean {
  const [, instant] = /_(\d+)\.\w+$/.exec(path) ?? []
  const names = [...table.objects().keys()].map(each => each.slice(each.lastIndexOf('/') + 1))
  const isActive = names.some(name =>
    new RegExp(`^${instant}(_\\d+)?\\.(delta|replace)?commit$`).test(name),
  )
  return !isActive || names.some(name => new RegExp(`^${instant}(_\\d+)?\\.savepoint$`).test(name))
}

/** Writers of some versions leave the schema out of their commits. */
function hasNoSchema(_clean: Answer, _found: Answer, { table }: Mutant): boolean {
  return table.name.includes('-without-schema')
}

export const EXPLANATIONS: readonly Explanation[] = [
  // ---- Delta
  {
    format: 'delta',
    kind: /^(commit|compacted log|V2 checkpoint)$/,
    place: /^lines: \[\]\.(add|remove)\.(path|deletionVector\b.*)$/,
    aspects: FILES,
    why: 'Delta: nothing in a log repeats the path or the vector that an action names',
  },
  {
    format: 'delta',
    kind: /^(commit|compacted log|V2 checkpoint)$/,
    place: /^lines: \[\]\.add\.partitionValues\b/,
    aspects: ['partitions', 'rows'],
    why: 'Delta: a partition value is said by its action alone',
  },
  {
    format: 'delta',
    kind: /^(commit|compacted log|V2 checkpoint)$/,
    place: /^lines: \[\]\.add\.(size|stats)$/,
    aspects: ['counts'],
    why: 'Delta: sizes and statistics are said by the action alone',
  },
  {
    format: 'delta',
    kind: /^(commit|compacted log|V2 checkpoint)$/,
    place: /^lines: \[\](\.[^.:]+)?$/,
    aspects: [...FILES, 'schema'],
    why: 'Delta: a commit does not say how many actions it has, and unknown ones are to be ignored',
  },
  {
    format: 'delta',
    kind: /^(commit|compacted log|V2 checkpoint)$/,
    place: /^lines: \[\]\.(metaData|protocol)\./,
    aspects: ['schema', 'partitions', 'rows'],
    why: 'Delta: the schema, the partition columns and the features are said by their action alone',
  },
  {
    format: 'delta',
    kind: /^(checkpoint|sidecar)$/,
    place: /^page of (add|remove)\.(path|deletionVector\b.*): values$/,
    aspects: FILES,
    why: 'Delta: pages of checkpoints have no checksum, and nothing repeats their values',
  },
  {
    format: 'delta',
    kind: /^(checkpoint|sidecar)$/,
    place: /^page of add\.partitionValues(_parsed)?\b.*: values$/,
    aspects: ['partitions', 'rows'],
    why: 'Delta: pages of checkpoints have no checksum, and nothing repeats their values',
  },
  {
    format: 'delta',
    kind: /^(checkpoint|sidecar)$/,
    place: /^page of add\.(size|stats(_parsed\b.*)?): values$/,
    aspects: ['counts'],
    why: 'Delta: pages of checkpoints have no checksum, and nothing repeats their values',
  },
  {
    format: 'delta',
    kind: /^(checkpoint|sidecar)$/,
    place: /^page of (metaData|protocol)\b.*: values$/,
    aspects: ['schema', 'partitions', 'rows'],
    why: 'Delta: pages of checkpoints have no checksum, and nothing repeats their values',
  },
  {
    format: 'delta',
    kind: /^commit$/,
    place: /^file removed$/,
    aspects: ALL,
    when: earlier,
    why: 'Delta: nothing tells of a newest commit that is gone',
  },
  {
    format: 'delta',
    kind: /^(commit|checkpoint|sidecar|V2 checkpoint|compacted log|version checksum|_last_checkpoint)$/,
    place: /^(another file's bytes|two files swapped)$/,
    aspects: [...FILES, 'schema'],
    why: 'Delta: a commit or checkpoint does not say of which table and version it is',
  },
  // ---- Iceberg
  {
    format: 'iceberg',
    kind: /^manifest$/,
    place: /^block: row\[\]\.(data_file\.|snapshot_id|status|sequence_number|file_sequence_number)/,
    aspects: FILES,
    why: 'Iceberg: what an entry says of its file is said by the entry alone',
  },
  {
    format: 'iceberg',
    kind: /^metadata$/,
    place:
      /^(text: text$|json: (schemas|partition-specs|schema|partition-spec|current-schema-id|last-|properties|default-spec-id))/,
    // Deletes count for the partition that they are of.
    aspects: ['schema', 'files', 'partitions', 'rows'],
    why: 'Iceberg: schemas, specs and properties are said by the metadata file alone',
  },
  {
    format: 'iceberg',
    kind: /^metadata$/,
    place: /^(another file's bytes|two files swapped|file removed)$/,
    aspects: ALL,
    why: 'Iceberg: a metadata file does not say of which version it is',
  },
  {
    format: 'iceberg',
    kind: /^manifest list$/,
    place: /^block: row\[\]\.(content|sequence_number|min_sequence_number|added_snapshot_id)$/,
    aspects: [...FILES, 'schema'],
    why: 'Iceberg: order and content of a manifest are said by the list; it is opened only where a delete may be in it',
  },
  {
    format: 'iceberg',
    kind: /^manifest list$/,
    place: /^block: row\[\]\.deleted_files_count$/,
    aspects: FILES,
    // No live file is counted there, wrongly: with deleted ones beside it that is what a manifest of deleted files has.
    when: (_clean, _found, { table }) => table.name === 'real/counts-manifest-zero',
    why: 'Iceberg: of a manifest whose files are all deleted the list alone says so; it is not opened',
  },
  {
    format: 'iceberg',
    kind: /^manifest list$/,
    place: /^block: row\[\]\.manifest_path$/,
    aspects: FILES,
    // Another of the table's own manifests, as long.
    when: (_clean, _found, { table }) => table.name === 'real/twin-pruned',
    why: 'Iceberg: which manifests a snapshot has is said by the list alone',
  },
  {
    format: 'iceberg',
    kind: /^manifest$/,
    place: /^header avro\.schema: .*\.type$/,
    aspects: ['partitions', 'rows'],
    why: 'Iceberg: the unit of a value in a manifest is said by its schema alone',
  },
  {
    format: 'iceberg',
    kind: /^metadata$/,
    place: /^json: (current-snapshot-id|snapshots|snapshots\[\])$/,
    aspects: ALL,
    when: (_clean, found) => found.files.length === 0,
    why: 'Iceberg: which snapshots a table has, and that it has none, is said by the metadata file alone',
  },
  {
    format: 'iceberg',
    kind: /^metadata$/,
    // Version 1 may list them there, and then nowhere else.
    place: /^json: snapshots\[\]\.manifests\[\]$/,
    aspects: FILES,
    why: 'Iceberg: which manifests a snapshot has is said by the metadata file alone where there is no list',
  },
  {
    format: 'iceberg',
    kind: /^metadata$/,
    place: /^json: (snapshot-log\b|snapshots\[\]\.\S*-number$)/,
    aspects: ['version'],
    why: 'Iceberg: the number of a version is said by its snapshot, or by its place in the log of snapshots, alone',
  },
  {
    format: 'iceberg',
    kind: /^manifest( list)?$/,
    place: /^(another file's bytes|two files swapped)$/,
    aspects: [...FILES, 'schema'],
    why: 'Iceberg: lengths and counts of manifests are wrong in tables that are right, and nobody records those of lists',
  },
  // ---- Hudi
  {
    format: 'hudi',
    kind: /^properties$/,
    place: /^properties: /,
    aspects: ['schema', 'partitions', ...FILES],
    why: 'Hudi: the checksum of a table configuration covers the name of the table alone',
  },
  {
    format: 'hudi',
    kind: /^timeline$/,
    place: /^file removed$/,
    aspects: ALL,
    why: 'Hudi: a completed instant that is gone is a write that never completed',
  },
  {
    format: 'hudi',
    kind: /^(metadata table: )?timeline$/,
    place: /^(another file's bytes|two files swapped)$/,
    aspects: [...FILES, 'schema'],
    why: 'Hudi: the metadata of a commit does not say of which instant it is',
  },
  {
    format: 'hudi',
    kind: /^timeline$/,
    place: /^(json: |block: row\[\]\.)partitionToReplaceFileIds\b/,
    aspects: FILES,
    why: 'Hudi: what a write replaced is said by its commit alone',
  },
  {
    format: 'hudi',
    kind: /^timeline$/,
    place: /^((json: |block: row\[\]\.)extraMetadata\b|json: schemas\[\])/,
    // A partition column that a schema declares as null alone is null, whatever folders say.
    aspects: ['schema', 'files', 'partitions', 'rows'],
    why: 'Hudi: the schema of a commit, and the history of schemas, are said in one place each',
  },
  {
    format: 'hudi',
    kind: /^timeline$/,
    place: /^(json: |block: row\[\]\.)partitionToWriteStats\b/,
    aspects: ['schema'],
    when: hasNoSchema,
    why: 'Hudi: where no commit says the schema, it is that of the newest file that a commit names',
  },
  {
    format: 'hudi',
    kind: /^base file$/,
    place: /^footer: /,
    aspects: ['schema', 'counts'],
    when: hasNoSchema,
    why: 'Hudi: where no commit says the schema, the footer of one file does, which has no checksum',
  },
  {
    format: 'hudi',
    kind: /^metadata table: HFile$/,
    place: /^DATABLK\*: value\[\]\.filesystemMetadata\[\]\.key$/,
    aspects: FILES,
    when: (clean, found) => clean.files.every(file => found.files.includes(file)),
    why: 'Hudi: a file that the metadata table alone knows is found out where it is read; those that commits name are there',
  },
  {
    format: 'hudi',
    kind: /^log$/,
    place: /^header: /,
    aspects: ['schema', 'rows'],
    why: 'Hudi: headers of log blocks have no checksum, and may be alone in saying the schema',
  },
  {
    format: 'hudi',
    kind: /^base file$/,
    place: /^(another file's bytes|two files swapped)$/,
    aspects: ['counts'],
    why: 'Hudi: a base file of another slice is a base file',
  },
  {
    format: 'hudi',
    kind: /^base file$/,
    place: /^file removed$/,
    aspects: FILES,
    when: isOfArchivedWrite,
    why: 'Hudi: what became of the files of an archived write is archived as well',
  },
  {
    format: 'hudi',
    kind: /^base file$/,
    place: /^footer: /,
    aspects: ['counts'],
    why: 'Parquet: footers have no checksum',
  },
  {
    format: 'hudi',
    kind: /^(base file|bootstrap source)$/,
    place: /^(page|footer|another file's bytes|two files swapped)/,
    aspects: ['rows', 'counts'],
    why: 'Parquet: few writers give their pages checksums, and nothing repeats their values',
  },
  {
    format: 'hudi',
    kind: /^log$/,
    place: /^file removed$/,
    // Rows are not among them: they must be the same.
    aspects: ['files', 'counts'],
    when: (_clean, _found, { table }) =>
      [...table.objects().keys()].some(name => /\.(restore|rollback)$/.test(name)),
    why: 'Hudi: the log of a write that was taken back is named by nothing',
  },
  {
    format: 'hudi',
    kind: /^log$/,
    place: /^(content: records|another file's bytes|two files swapped)$/,
    aspects: ['rows'],
    why: 'Hudi: the contents of log blocks have no checksum',
  },
  ...(['delta', 'iceberg'] as const).map(format => ({
    format,
    kind: /^(data|delete file)$/,
    place: /^(page|footer|another file's bytes|two files swapped)/,
    aspects: ['rows'] as const,
    why: 'Parquet: few writers give their pages checksums, and nothing repeats their values',
  })),
  ...(['delta', 'iceberg'] as const).map(format => ({
    format,
    kind: /^(deletion vectors|Puffin)$/,
    place: /^(bitmap|blob|another file's bytes|two files swapped)/,
    aspects: ['rows'] as const,
    when: (clean: Answer, found: Answer) => clean.rows?.length === found.rows?.length,
    why: 'A bitmap with another checksum, that deletes as many rows, is another bitmap',
  })),
  // ---- Parquet
  {
    format: 'parquet',
    kind: /^data footer$/,
    place: /^(footer|page)/,
    aspects: ['counts', 'schema', 'rows'],
    why: 'Parquet: footers have no checksum',
  },
  {
    format: 'parquet',
    kind: /^data footer$/,
    place: /^(another file's bytes|two files swapped)$/,
    aspects: ['counts', 'schema', 'rows'],
    why: 'Parquet: a folder of files says nothing of what they are',
  },
  {
    format: 'parquet',
    kind: /^data footer$/,
    place: /^file removed$/,
    aspects: [...FILES, 'schema'],
    why: 'Parquet: a folder of files says nothing of how many they are',
  },
]
