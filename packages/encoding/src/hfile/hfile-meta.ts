import type { Steps } from '@spillway/core'
import type { Inflation } from '../compression/inflation.js'
import { badHFile, readHFileBlock } from './hfile-block.js'
import { HFileCursor, protobufFields } from './hfile-cursor.js'

/** The fixed-size end of an HFile version 3: `TRABLK"$`, a protobuf message, padding, the version. */
export interface HFileTrailer {
  readonly fileInfoOffset: number
  readonly loadOnOpenOffset: number
  readonly dataIndexCount: number
  readonly entryCount: number
  readonly indexLevels: number
  readonly codec: number
}

export const TRAILER_LENGTH = 4096
const TRAILER_MAGIC = 'TRABLK"$'
const INFO_MAGIC = 'FILEINF2'
const utf8 = new TextDecoder()

/** The trailer, from the last `TRAILER_LENGTH` bytes of a file. */
export function readHFileTrailer(bytes: Uint8Array): HFileTrailer {
  const magic = utf8.decode(bytes.subarray(0, 8))
  if (magic !== TRAILER_MAGIC) throw badHFile(`the trailer has magic '${magic}'`)
  const version =
    new DataView(bytes.buffer, bytes.byteOffset).getInt32(TRAILER_LENGTH - 4) & 0xffffff
  if (version !== 3) throw badHFile(`format version ${version} where 3 was expected`)
  const cursor = new HFileCursor(bytes, 8)
  const message = cursor.slice(cursor.varint())
  const numbers = new Map<number, number>()
  for (const { field, value } of protobufFields(message)) {
    if (typeof value === 'number') numbers.set(field, value)
  }
  const required = (field: number, name: string): number => {
    const value = numbers.get(field)
    if (value === undefined) throw badHFile(`the trailer lacks ${name}`)
    return value
  }
  return {
    fileInfoOffset: required(1, 'file_info_offset'),
    loadOnOpenOffset: required(2, 'load_on_open_data_offset'),
    dataIndexCount: numbers.get(5) ?? 0,
    entryCount: numbers.get(7) ?? 0,
    indexLevels: numbers.get(8) ?? 1,
    codec: required(12, 'compression_codec'),
  }
}

/** Key-value pairs of the file info block, of which Hudi uses `schema`. `section` starts at `sectionStart` of the file. */
export function* readHFileInfo(
  section: Uint8Array,
  sectionStart: number,
  { trailer, room }: { readonly trailer: HFileTrailer; readonly room: Inflation },
): Steps<ReadonlyMap<string, Uint8Array>> {
  const { codec } = trailer
  const at = trailer.fileInfoOffset - sectionStart
  const block = yield* readHFileBlock(section, at, { codec, room })
  if (block.magic !== INFO_MAGIC) throw badHFile(`the file info has magic '${block.magic}'`)
  const cursor = new HFileCursor(block.content)
  const marker = utf8.decode(cursor.slice(4))
  if (marker !== 'PBUF') throw badHFile(`file info starts with '${marker}', not PBUF`)
  const info = new Map<string, Uint8Array>()
  for (const { value: entry } of protobufFields(cursor.slice(cursor.varint()))) {
    if (typeof entry === 'number') continue
    const pair = new Map([...protobufFields(entry)].map(part => [part.field, part.value]))
    const key = pair.get(1)
    const value = pair.get(2)
    if (key instanceof Uint8Array && value instanceof Uint8Array) info.set(utf8.decode(key), value)
  }
  return info
}
