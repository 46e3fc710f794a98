import { type DataFile, type DeltaAdd, writeJson, z85Encode } from '@spillway/core'
import { recordedStats, statsString } from '../json/stats-string.js'
import { versionMembers } from './encode-parquet.js'
import { fileId } from './file-id.js'
import type { LineOptions, WireFile } from './line-options.js'
import { partitionTexts, whilePartitionIs } from './partition-text.js'
import { quoted } from './quoted.js'

/** Lines of the delta format, one a file: Delta log actions whose paths are URLs. What files have in common is written once. */
export function deltaLines(
  options: LineOptions,
): (action: 'add' | 'remove' | 'cdc', file: WireFile) => string {
  const { idScheme, at } = options
  const actionText = actionTexts(options)
  const version = versionMembers(at)
  return (action, signed) => {
    const { file, vector, listing, expiresAt } = signed
    const vectorId =
      vector?.url === undefined
        ? ''
        : `,"deletionVectorFileId":"${fileId(vector.vector.id, idScheme)}"`
    const id = fileId(file.recordedPath, idScheme, listing)
    return `{"file":{"id":"${id}"${vectorId}${version},"expirationTimestamp":${expiresAt},"deltaSingleAction":{"${action}":${actionText(action, signed)}}}}\n`
  }
}

function actionTexts(
  options: LineOptions,
): (action: 'add' | 'remove' | 'cdc', file: WireFile) => string {
  const partitionValues = recordedPartitions(options)
  return (action, { file, url, vector, listing }) => {
    // Readers of a log take two actions of one path for one file: a fragment tells listings apart, and is never sent.
    const path = listing === undefined ? url : `${url}#${listing}`
    const head = `{"path":${quoted(path)},"partitionValues":${partitionValues(file)},"size":${file.size}`
    const tail = `${vector === undefined ? '' : `,"deletionVector":${vectorText(vector)}`}}`
    switch (action) {
      case 'add':
        return `${head},"modificationTime":${file.modificationTime},"dataChange":true${statsMember(file, options)}${rowTracking(file.delta)}${tail}`
      case 'remove':
        return `${head},"deletionTimestamp":${options.at?.timestamp ?? file.modificationTime},"dataChange":true,"extendedFileMetadata":true${tail}`
      case 'cdc':
        // Delta reads a change file without a vector: it has none.
        return `${head},"dataChange":false}`
    }
  }
}

/** Partition values as a log of Delta's has them, where the table's own words are passed on. */
function recordedPartitions(options: LineOptions): (file: DataFile) => string {
  const named = partitionTexts(options)
  if (!options.asRecorded) return named
  const recorded = whilePartitionIs(
    (a, b) => a.delta?.partitionValues === b.delta?.partitionValues,
    ({ delta }) => writeJson(Object.fromEntries(delta?.partitionValues ?? [])),
  )
  return file => (file.delta?.partitionValues === undefined ? named(file) : recorded(file))
}

function statsMember(file: DataFile, { metadata, asRecorded }: LineOptions): string {
  const recorded = asRecorded ? recordedStats(file) : undefined
  const stats = recorded ?? statsString(file, metadata.schema.fields, { physicalNames: asRecorded })
  return stats === undefined ? '' : `,"stats":${JSON.stringify(stats)}`
}

function rowTracking(delta: DeltaAdd | undefined): string {
  const { tags, baseRowId, defaultRowCommitVersion } = delta ?? {}
  if (tags === undefined && baseRowId === undefined && defaultRowCommitVersion === undefined) {
    return ''
  }
  const members = [
    tags === undefined ? '' : `,"tags":${writeJson(Object.fromEntries(tags))}`,
    baseRowId === undefined ? '' : `,"baseRowId":${baseRowId}`,
    defaultRowCommitVersion === undefined
      ? ''
      : `,"defaultRowCommitVersion":${defaultRowCommitVersion}`,
  ]
  return members.join('')
}

/** Bytes of the length that Delta's vector files and Puffin's vector blobs both write before a bitmap. */
const LENGTH_PREFIX_BYTES = 4

/** On disk: `p` with the signed URL. Inline: the bitmap itself, spelled as a log spells it. */
function vectorText({ vector, url }: NonNullable<WireFile['vector']>): string {
  const { bitmap, cardinality } = vector
  if ('path' in bitmap) {
    return writeJson({
      storageType: 'p',
      pathOrInlineDv: url,
      offset: bitmap.offset - LENGTH_PREFIX_BYTES,
      sizeInBytes: bitmap.length,
      cardinality,
    })
  }
  return writeJson({
    storageType: 'i',
    pathOrInlineDv: z85Encode(wholeWords(bitmap)),
    sizeInBytes: bitmap.length,
    cardinality,
  })
}

/** `bytes` filled up with zeros: Z85 has characters for four at a time, and Delta records the true length beside them. */
function wholeWords(bytes: Uint8Array): Uint8Array {
  if (bytes.length % 4 === 0) return bytes
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4)
  whole.set(bytes)
  return whole
}
