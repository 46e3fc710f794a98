import { createHash } from 'node:crypto'
import { parseJson, type WritableJson } from '@spillway/core'
import { isObject, type JsonObject } from '@spillway/protocol/wire'

/** A line that shows by its first word whether all of it was written. */
export function checkedLine(value: WritableJson): string {
  const text = JSON.stringify(value)
  return `${checksum(text)} ${text}\n`
}

/**
 * The objects of lines that were written whole, up to the first that was not: nothing behind it is believed. `byteLength` is
 * theirs: a file is cut there before more is appended to it.
 */
export function readCheckedLines(bytes: Buffer): {
  readonly values: readonly JsonObject[]
  readonly byteLength: number
} {
  const values: JsonObject[] = []
  let start = 0
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    const value = objectOf(bytes.toString('utf8', start, end))
    if (value === undefined) break
    values.push(value)
    start = end + 1
  }
  return { values, byteLength: start }
}

function objectOf(line: string): JsonObject | undefined {
  const text = line.slice(CHECKSUM_LENGTH + 1)
  if (line.slice(0, CHECKSUM_LENGTH) !== checksum(text)) return undefined
  try {
    const value = parseJson(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const CHECKSUM_LENGTH = 16

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, CHECKSUM_LENGTH)
}
