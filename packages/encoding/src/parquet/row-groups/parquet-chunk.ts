import {
  type Column,
  grown,
  type ParquetLeaf,
  type PlainColumn,
  physicalKind,
  type ReadBudgets,
  requireWithin,
  type Steps,
} from '@spillway/core'
import { FormatError } from '../../bytes/format-error.js'
import type { Inflation } from '../../compression/inflation.js'
import type { ParquetChunk } from '../footer/parquet-metadata.js'
import type { PageCodecs } from '../pages/parquet-codec.js'
import { type DataPage, eachPage, readLevels } from '../pages/parquet-page.js'
import { readHybrid } from '../pages/rle-hybrid.js'
import type { ParquetLeafInfo } from '../schema/parquet-types.js'
import { logicalColumn } from '../values/parquet-logical.js'
import { valueBuffer } from '../values/parquet-plain.js'
import { appendPlain, decodeValues } from '../values/parquet-values.js'
import { appendTaken, shortPage, type ValueBuffer } from '../values/value-buffer.js'
import { assembleLeaf, type Levels } from './parquet-assemble.js'

/** What decoding needs besides the bytes. */
export interface ChunkContext {
  readonly codecs: PageCodecs
  /** What the chunk may take, with all that is read beside it. */
  readonly room: Inflation
  readonly budgets: ReadBudgets
}

const PLAIN_DICTIONARY = 2
const RLE_DICTIONARY = 8
const CODES_IN_A_STEP = 1 << 17

/** Decodes one column chunk of a row group of `rowCount` rows, a step after each page and after many values of one. */
export function* decodeChunk(
  bytes: Uint8Array,
  chunk: ParquetChunk,
  leaf: ParquetLeafInfo,
  options: ChunkContext & { readonly rowCount: number },
): Steps<ParquetLeaf> {
  if (leaf.maxRepetition === 0 && chunk.valueCount !== options.rowCount) {
    throw new FormatError(
      `${leaf.path.join('.')} has ${chunk.valueCount} values for ${options.rowCount} rows`,
    )
  }
  if (leaf.maxRepetition > 1) {
    throw new FormatError(`column ${leaf.path.join('.')}: lists within lists`, {
      unsupported: true,
    })
  }
  const { values, levels } = yield* decodeChunkLevels(bytes, chunk, leaf, options)
  return yield* assembleLeaf(values, levels, leaf, options.rowCount)
}

/** The values of a chunk that are not null, and the levels of all: what nested rows are put together from. */
export function* decodeChunkLevels(
  bytes: Uint8Array,
  chunk: ParquetChunk,
  leaf: ParquetLeafInfo,
  context: ChunkContext,
): Steps<{ readonly values: Column; readonly levels: Levels }> {
  const { room, budgets } = context
  // Levels and codes compress without limit: a few bytes claim any number of values.
  const observed = chunk.valueCount
  requireWithin(budgets, 'rows', { what: 'a column chunk', observed, unit: 'values' })
  room.take(observed * bytesPerValue(leaf))
  if (leaf.maxDefinition > 255 || leaf.maxRepetition > 255) {
    throw new FormatError('more than 255 levels')
  }
  const decoder = new ChunkDecoder(leaf, observed, room)
  yield* eachPage(bytes, chunk, leaf, {
    ...context,
    visit: page =>
      page.kind === 'dictionary'
        ? decoder.dictionary(page.values, page.valueCount)
        : decoder.page(page),
  })
  return yield* decoder.finish()
}

/** What a value takes whatever it is, null too: its levels, its place among the others, and the code it may come by. */
function bytesPerValue({ type, maxDefinition, maxRepetition }: ParquetLeafInfo): number {
  const kind = physicalKind(type)
  const width = kind === 'int64' || kind === 'float64' ? 8 : 4
  return width + 4 + (maxDefinition > 0 ? 1 : 0) + (maxRepetition > 0 ? 1 : 0)
}

/** What a chunk's pages add up to: levels of every value, and the values that are not null. */
class ChunkDecoder {
  readonly #leaf: ParquetLeafInfo
  readonly #room: Inflation
  readonly #values: ValueBuffer
  #dictionary: PlainColumn | undefined
  #dictionarySize = 0
  /** Codes of pages so far, while every one of them was encoded with the dictionary. */
  #codes: Uint32Array | undefined
  #codeCount = 0
  #definition = new Uint8Array(0)
  #repetition = new Uint8Array(0)
  #valueCount = 0

  constructor(leaf: ParquetLeafInfo, expected: number, room: Inflation) {
    this.#leaf = leaf
    this.#room = room
    this.#values = valueBuffer(leaf, expected, room)
  }

  *dictionary(bytes: Uint8Array, valueCount: number): Steps<void> {
    if (this.#dictionary !== undefined || this.#valueCount > 0) {
      throw new FormatError('a dictionary page after other pages')
    }
    const buffer = valueBuffer(this.#leaf, valueCount, this.#room)
    yield* appendPlain(bytes, valueCount, buffer)
    this.#dictionary = buffer.finish()
    this.#dictionarySize = valueCount
    this.#codes = new Uint32Array(0)
  }

  *page(page: DataPage): Steps<void> {
    const present = yield* this.#levels(page)
    this.#valueCount += page.valueCount
    if (page.encoding === RLE_DICTIONARY || page.encoding === PLAIN_DICTIONARY) {
      yield* this.#dictionaryPage(page.values, present)
      return
    }
    yield* this.#flushCodes()
    yield* decodeValues(page, present, this.#leaf, this.#values)
  }

  /** How many values of the page are not null. */
  *#levels(page: DataPage): Steps<number> {
    const range = { from: this.#valueCount, count: page.valueCount }
    const needed = range.from + range.count
    if (page.repetition !== undefined) {
      this.#repetition = grown(this.#repetition, needed)
      yield* readLevels(page.repetition, this.#leaf.maxRepetition, this.#repetition, range)
    }
    if (page.definition === undefined) return page.valueCount
    this.#definition = grown(this.#definition, needed)
    return yield* readLevels(page.definition, this.#leaf.maxDefinition, this.#definition, range)
  }

  *#dictionaryPage(bytes: Uint8Array, count: number): Steps<void> {
    if (this.#dictionary === undefined)
      throw new FormatError('a page needs a dictionary, there is none')
    const keep = this.#codes !== undefined
    const codes = keep ? grown(this.#codes!, this.#codeCount + count) : new Uint32Array(count)
    const from = keep ? this.#codeCount : 0
    if (count > 0) {
      if (bytes.length === 0) throw shortPage(count, 1, 0)
      yield* readHybrid({ bytes, at: 1, end: bytes.length }, bytes[0]!, codes, { from, count })
    }
    yield* this.#checkCodes(codes, from, from + count)
    if (keep) {
      this.#codes = codes
      this.#codeCount += count
    } else yield* appendTaken(this.#dictionary, codes.subarray(0, count), this.#values)
  }

  *#checkCodes(codes: Uint32Array, from: number, to: number): Steps<void> {
    for (let start = from; start < to; start += CODES_IN_A_STEP) {
      if (start > from) yield
      const stop = Math.min(to, start + CODES_IN_A_STEP)
      for (let i = start; i < stop; i++) {
        if (codes[i]! < this.#dictionarySize) continue
        throw new FormatError(`code ${codes[i]} of a dictionary of ${this.#dictionarySize} values`)
      }
    }
  }

  /** A writer fell back from the dictionary: what was encoded with it becomes plain values. */
  *#flushCodes(): Steps<void> {
    if (this.#codes === undefined) return
    const codes = this.#codes.subarray(0, this.#codeCount)
    yield* appendTaken(this.#dictionary!, codes, this.#values)
    this.#codes = undefined
  }

  *finish(): Steps<{ readonly values: Column; readonly levels: Levels }> {
    const levels = {
      count: this.#valueCount,
      ...(this.#leaf.maxDefinition > 0 ? { definition: this.#definition } : {}),
      ...(this.#leaf.maxRepetition > 0 ? { repetition: this.#repetition } : {}),
    }
    return { values: yield* this.#denseColumn(), levels }
  }

  /** Dictionaries are kept for bytes that repeat; numbers are as small as their codes. */
  *#denseColumn(): Steps<Column> {
    const isBytes = this.#dictionary?.kind === 'bytes'
    const repeats = this.#dictionarySize > 0 && this.#dictionarySize * 2 <= this.#codeCount
    if (this.#codes !== undefined && isBytes && repeats) {
      const values = logicalColumn(this.#dictionary!, this.#leaf)
      if (values.kind === 'bytes') {
        this.#room.take(yield* this.#longestTexts(values))
        return {
          kind: 'dictionary',
          codes: this.#codes.subarray(0, this.#codeCount),
          values,
        } as const
      }
    }
    yield* this.#flushCodes()
    return logicalColumn(this.#values.finish(), this.#leaf)
  }

  /** What the texts come to where each is copied out, as whoever keeps them does. Exact where the longest would be much. */
  *#longestTexts({ offsets }: Extract<PlainColumn, { kind: 'bytes' }>): Steps<number> {
    const lengthOf = (code: number) => offsets[code + 1]! - offsets[code]!
    let longest = 0
    for (let code = 0; code < this.#dictionarySize; code++) {
      longest = Math.max(longest, lengthOf(code))
      if (code % CODES_IN_A_STEP === CODES_IN_A_STEP - 1) yield
    }
    const most = longest * this.#codeCount
    if (most <= MUCH_TEXT) return most
    let exact = 0
    for (let i = 0; i < this.#codeCount; i++) {
      exact += lengthOf(this.#codes![i]!)
      if (i % CODES_IN_A_STEP === CODES_IN_A_STEP - 1) yield
    }
    return exact
  }
}

const MUCH_TEXT = 16 * 1024 * 1024
