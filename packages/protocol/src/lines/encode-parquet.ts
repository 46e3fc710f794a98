import type { Field } from '@spillway/core'
import { recordedStats, statsString } from '../json/stats-string.js'
import { fileId } from './file-id.js'
import type { LineOptions, WireFile } from './line-options.js'
import { partitionValuesText } from './partition-text.js'

/** One line of the parquet format. A file with a vector never comes here: its plain rows would be wrong. */
export function encodeParquetFile(
  kind: 'file' | 'add' | 'cdf' | 'remove',
  { file, url, expiresAt, listing }: WireFile,
  options: LineOptions,
): string {
  const { at } = options
  const stats = kind === 'file' || kind === 'add' ? statsMember(file, options) : ''
  return `{"${kind}":{"url":${JSON.stringify(url)},"id":"${fileId(file.recordedPath, options.idScheme, listing)}","partitionValues":${partitionValuesText(file, options)},"size":${file.size}${stats}${versionMembers(at)},"expirationTimestamp":${expiresAt}}}\n`
}

function statsMember(file: WireFile['file'], { metadata }: LineOptions): string {
  const mapped = metadata.schema.fields.some(isRenamed)
  const recorded = mapped ? undefined : recordedStats(file)
  const stats = recorded ?? statsString(file, metadata.schema.fields)
  return stats === undefined ? '' : `,"stats":${JSON.stringify(stats)}`
}

function isRenamed(field: Field): boolean {
  return field.physicalName !== field.name
}

/** Which commit a line belongs to. */
export function versionMembers(at: LineOptions['at']): string {
  return at === undefined ? '' : `,"version":${at.version},"timestamp":${at.timestamp}`
}
