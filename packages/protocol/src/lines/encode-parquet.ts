import type { Field } from '@spillway/core'
import { recordedStats, statsString } from '../json/stats-string.js'
import { fileId } from './file-id.js'
import type { LineOptions, WireFile } from './line-options.js'
import { partitionTexts } from './partition-text.js'
import { quoted } from './quoted.js'

/**
 * Lines of the parquet format, one a file: what the files of an answer have in common is written once. A file with a vector
 * never comes here: its plain rows would be wrong.
 */
export function parquetLines(
  options: LineOptions,
): (kind: 'file' | 'add' | 'cdf' | 'remove', file: WireFile) => string {
  const { idScheme, metadata, at } = options
  const { fields } = metadata.schema
  const isMapped = fields.some(isRenamed)
  const partitionValues = partitionTexts(options)
  const version = versionMembers(at)
  const statsMember = (file: WireFile['file']) => {
    const recorded = isMapped ? undefined : recordedStats(file)
    const stats = recorded ?? statsString(file, fields)
    return stats === undefined ? '' : `,"stats":${JSON.stringify(stats)}`
  }
  return (kind, { file, url, expiresAt, listing }) => {
    const stats = kind === 'file' || kind === 'add' ? statsMember(file) : ''
    const id = fileId(file.recordedPath, idScheme, listing)
    return `{"${kind}":{"url":${quoted(url)},"id":"${id}","partitionValues":${partitionValues(file)},"size":${file.size}${stats}${version},"expirationTimestamp":${expiresAt}}}\n`
  }
}

function isRenamed(field: Field): boolean {
  return field.physicalName !== field.name
}

/** Which commit a line belongs to. */
export function versionMembers(at: LineOptions['at']): string {
  return at === undefined ? '' : `,"version":${at.version},"timestamp":${at.timestamp}`
}
