import { isTableError } from '@spillway/core'
import { type LongJsonOptions, parseLongJson } from '@spillway/encoding'
import type { JsonCursor } from '../json/json-cursor.js'
import { JsonProblem } from '../json/json-problem.js'
import type { TextInterner } from '../json/text-interner.js'
import type { ActionSink, CommitInfo, FileAction, Sidecar } from './actions.js'
import type { VectorDescriptor } from './deletion-vector.js'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const bytesOf = (text: string) => new TextEncoder().encode(text)

const ADD = bytesOf('add')
const REMOVE = bytesOf('remove')
const CDC = bytesOf('cdc')
const PROTOCOL = bytesOf('protocol')
const METADATA = bytesOf('metaData')
const COMMIT_INFO = bytesOf('commitInfo')
const SIDECAR = bytesOf('sidecar')

/** What reading actions reuses from one to the next. */
export interface ActionScratch {
  readonly action: FileAction
  readonly names: TextInterner
}

/**
 * Reads one action and hands it to `sink` once it is whole. Unknown actions and fields are ignored, a null is an
 * absent field (PROTOCOL.md, "Protocol Evolution").
 */
export function readAction(cursor: JsonCursor, sink: ActionSink, scratch: ActionScratch): void {
  let files = 0
  for (let more = cursor.enterObject(); more; more = cursor.nextKey()) {
    const kind = fileKind(cursor)
    if (kind === undefined) readRare(cursor, sink)
    else if (sink.file === undefined) cursor.skipValue()
    else if (!cursor.takeNull()) {
      if (++files > 1) throw new JsonProblem('two file actions in one object', cursor.position)
      readFile(cursor, kind, scratch)
    }
  }
  // Only now is the action known to be whole: a text that ends early is read again from its start.
  if (files > 0) sink.file?.(scratch.action)
}

const CLOSE_OBJECT = 0x7d
const METADATA_HEAD = bytesOf('{"metaData":')

/** Whether the action at `start` is one that `loneMetadata` may read: a look at some bytes. */
export function startsMetadata(bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < METADATA_HEAD.length; i++) {
    if (bytes[start + i] !== METADATA_HEAD[i]) return false
  }
  return true
}

/**
 * The value of a metaData action that is alone on its line, as text; undefined where it is anything else. A schema of many
 * columns makes a line of megabytes, which is looked through in slices here; a cursor goes over it in one piece.
 */
export async function loneMetadata(
  line: Uint8Array,
  options: LongJsonOptions,
): Promise<string | undefined> {
  const close = line.lastIndexOf(CLOSE_OBJECT)
  const value = line.subarray(METADATA_HEAD.length, Math.max(close, METADATA_HEAD.length))
  if (!/^[ \t\r\n]*$/.test(utf8.decode(line.subarray(close + 1)))) return undefined
  try {
    const isNull = (await parseLongJson(value, options)) === null
    return isNull ? undefined : utf8.decode(value).trim()
  } catch (error) {
    // The cursor says where a line is broken.
    if (isTableError(error) && error.code === 'TABLE_CORRUPT') return undefined
    throw error
  }
}

function fileKind(cursor: JsonCursor): FileAction['kind'] | undefined {
  if (cursor.keyIs(ADD)) return 'add'
  if (cursor.keyIs(REMOVE)) return 'remove'
  return cursor.keyIs(CDC) ? 'cdc' : undefined
}

function readRare(cursor: JsonCursor, sink: ActionSink): void {
  if (cursor.takeNull()) return
  if (cursor.keyIs(PROTOCOL) && sink.protocol !== undefined) {
    sink.protocol(utf8.decode(cursor.rawWhole()))
  } else if (cursor.keyIs(METADATA) && sink.metadata !== undefined) {
    sink.metadata(utf8.decode(cursor.rawWhole()))
  } else if (cursor.keyIs(COMMIT_INFO) && sink.commitInfo !== undefined) {
    sink.commitInfo(readCommitInfo(cursor))
  } else if (cursor.keyIs(SIDECAR) && sink.sidecar !== undefined) {
    sink.sidecar(readSidecar(cursor))
  } else cursor.skipWhole()
}

const PATH = bytesOf('path')
const PARTITION_VALUES = bytesOf('partitionValues')
const SIZE = bytesOf('size')
const MODIFICATION_TIME = bytesOf('modificationTime')
const DELETION_TIMESTAMP = bytesOf('deletionTimestamp')
const DATA_CHANGE = bytesOf('dataChange')
const STATS = bytesOf('stats')
const TAGS = bytesOf('tags')
const DELETION_VECTOR = bytesOf('deletionVector')
const BASE_ROW_ID = bytesOf('baseRowId')
const DEFAULT_ROW_COMMIT_VERSION = bytesOf('defaultRowCommitVersion')

function readFile(cursor: JsonCursor, kind: FileAction['kind'], scratch: ActionScratch): void {
  const { action } = scratch
  action.reset(kind)
  let hasPath = false
  for (let more = cursor.enterObject(); more; more = cursor.nextKey()) {
    if (cursor.keyIs(PATH)) {
      action.path = cursor.readStringBytes(action.pathBuffer)
      hasPath = true
    } else readFileField(cursor, action, scratch.names)
  }
  if (!hasPath) throw new JsonProblem(`an action ${kind} without a path`, cursor.position)
}

function readFileField(cursor: JsonCursor, action: FileAction, names: TextInterner): void {
  if (cursor.keyIs(PARTITION_VALUES)) readPartitionValues(cursor, action, names)
  else if (cursor.keyIs(SIZE)) action.size = cursor.takeNull() ? Number.NaN : cursor.readNumber()
  else if (cursor.keyIs(MODIFICATION_TIME)) readTime(cursor, action)
  else if (cursor.keyIs(DELETION_TIMESTAMP)) readTime(cursor, action)
  else if (cursor.keyIs(DATA_CHANGE)) {
    if (!cursor.takeNull()) action.dataChange = cursor.readBoolean()
  } else if (cursor.keyIs(STATS)) readStatsText(cursor, action)
  else readRareField(cursor, action)
}

function readTime(cursor: JsonCursor, action: FileAction): void {
  if (!cursor.takeNull()) action.modificationTime = cursor.readNumber()
}

function readStatsText(cursor: JsonCursor, action: FileAction): void {
  if (cursor.takeNull()) return
  const stats = cursor.readStringBytes(action.statsBuffer)
  if (stats.length > 0) action.stats = stats
}

function readRareField(cursor: JsonCursor, action: FileAction): void {
  if (cursor.keyIs(DELETION_VECTOR)) {
    if (!cursor.takeNull()) action.vector = readVector(cursor)
  } else if (cursor.keyIs(TAGS)) {
    if (!cursor.takeNull()) action.tags = readTags(cursor)
  } else if (cursor.keyIs(BASE_ROW_ID)) {
    action.baseRowId = readLong(cursor)
  } else if (cursor.keyIs(DEFAULT_ROW_COMMIT_VERSION)) {
    action.defaultRowCommitVersion = readLong(cursor)
  } else cursor.skipWhole()
}

/** Tags as JSON text again; what is no string has no place in them. */
function readTags(cursor: JsonCursor): string {
  const tags: [string, string][] = []
  for (let more = cursor.enterObject(); more; more = cursor.nextKey()) {
    const name = cursor.keyText()
    if (cursor.isString()) tags.push([name, cursor.readString()])
    else cursor.skipWhole()
  }
  return JSON.stringify(Object.fromEntries(tags))
}

function readPartitionValues(cursor: JsonCursor, action: FileAction, names: TextInterner): void {
  if (cursor.takeNull()) return
  action.hasPartitionValues = true
  for (let more = cursor.enterObject(); more; more = cursor.nextKey()) {
    const at = action.partitionCount++
    action.partitionNames[at] = cursor.internedKey(names)
    action.partitionValues[at] = cursor.takeNull() ? null : cursor.readInterned(names)
  }
}

function readLong(cursor: JsonCursor): bigint | undefined {
  if (cursor.takeNull()) return undefined
  const at = cursor.position
  const text = cursor.readNumberText()
  if (!/^-?\d{1,20}$/.test(text)) throw new JsonProblem('expected a whole number', at)
  return BigInt(text)
}

function readVector(cursor: JsonCursor): VectorDescriptor {
  const fields = {
    storageType: '',
    pathOrInlineDv: '',
    sizeInBytes: Number.NaN,
    cardinality: Number.NaN,
  }
  let offset: number | undefined
  for (let more = cursor.enterObject(); more; more = cursor.nextKey()) {
    const name = cursor.keyText()
    if (cursor.takeNull()) continue
    if (name === 'storageType' || name === 'pathOrInlineDv') fields[name] = cursor.readString()
    else if (name === 'sizeInBytes' || name === 'cardinality') fields[name] = cursor.readNumber()
    else if (name === 'offset') offset = cursor.readNumber()
    else cursor.skipWhole()
  }
  return offset === undefined ? fields : { ...fields, offset }
}

function readCommitInfo(cursor: JsonCursor): CommitInfo {
  const info: { timestamp?: number | undefined; inCommitTimestamp?: number } = {}
  if (!cursor.isObject()) {
    cursor.skipWhole()
    return info
  }
  for (let more = cursor.enterObject(); more; more = cursor.nextKey()) {
    const name = cursor.keyText()
    const known = name === 'timestamp' || name === 'inCommitTimestamp'
    if (known && cursor.isNumber()) info[name] = cursor.readNumber()
    else cursor.skipWhole()
  }
  return info
}

function readSidecar(cursor: JsonCursor): Sidecar {
  let path = ''
  const numbers = { sizeInBytes: Number.NaN, modificationTime: 0 }
  for (let more = cursor.enterObject(); more; more = cursor.nextKey()) {
    const name = cursor.keyText()
    if (name === 'path') path = cursor.readString()
    else if ((name === 'sizeInBytes' || name === 'modificationTime') && cursor.isNumber()) {
      numbers[name] = cursor.readNumber()
    } else cursor.skipWhole()
  }
  if (path === '') throw new JsonProblem('a sidecar without a path', cursor.position)
  return { path, ...numbers }
}
