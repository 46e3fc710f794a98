import {
  type BytesColumn,
  type ColumnStats,
  isValid,
  readBytes,
  readString,
  type Selection,
  Slices,
} from '@spillway/core'
import type { StatsColumn } from '../statistics/stats-columns.js'
import { StatsTextReader } from '../statistics/stats-text.js'
import { blockTexts } from './block-texts.js'

/** What an add says beyond what planning keeps at hand, as recorded: its statistics text, its tags, its row ids. */
export interface RawAdd {
  readonly stats?: string | undefined
  readonly tags?: ReadonlyMap<string, string> | undefined
  readonly baseRowId?: bigint | undefined
  readonly defaultRowCommitVersion?: bigint | undefined
}

/** Where a batch finds its raw statistics: in memory for commits, in the checkpoint file for its row groups. */
export interface RawStatistics {
  readonly byteLength: number
  /** One entry a column, `length` rows each; rows outside `rows` may stay unknown. */
  stats(columns: readonly StatsColumn[], rows: Selection): Promise<readonly ColumnStats[]>
  adds(): RawAdds
}

/** Raw adds as one answer asks for them: what is decoded for it stays decoded until it lets go of this. */
export interface RawAdds {
  of(rows: Selection): Promise<readonly RawAdd[]>
}

/** Raw adds kept as they were read. Columns that no add of the batch has are absent. */
export interface KeptColumns {
  readonly length: number
  readonly stats: BytesColumn
  /** JSON text. */
  readonly tags?: BytesColumn | undefined
  /** Decimal text: few tables have them, and they are only passed on. */
  readonly baseRowId?: BytesColumn | undefined
  readonly defaultRowCommitVersion?: BytesColumn | undefined
}

/** Bytes of statistics that take a fraction of a millisecond. */
const LONG_TEXT = 16 * 1024

/** Raw statistics in memory, as commits said them. */
export class KeptStatistics implements RawStatistics {
  readonly columns: KeptColumns

  constructor(columns: KeptColumns) {
    this.columns = columns
  }

  get byteLength(): number {
    const { stats, tags, baseRowId, defaultRowCommitVersion } = this.columns
    let bytes = 0
    for (const column of [stats, tags, baseRowId, defaultRowCommitVersion]) {
      bytes += column === undefined ? 0 : column.data.byteLength + column.offsets.byteLength
    }
    return bytes
  }

  async stats(columns: readonly StatsColumn[], rows: Selection): Promise<readonly ColumnStats[]> {
    const { stats, length } = this.columns
    const reader = new StatsTextReader(columns, length)
    const slices = new Slices()
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      const text = isValid(stats, row) ? readBytes(stats, row) : undefined
      if (text !== undefined) reader.read(row, text)
      const isLong = text !== undefined && text.length > LONG_TEXT
      if (isLong ? slices.isOverNow : slices.isOver) await slices.pause()
    }
    return reader.finish()
  }

  adds(): RawAdds {
    return { of: async rows => this.#addsOf(rows) }
  }

  #addsOf(rows: Selection): readonly RawAdd[] {
    const { stats, tags, baseRowId, defaultRowCommitVersion } = this.columns
    const texts = blockTexts(stats, rows)
    const text = (column: BytesColumn | undefined, row: number) =>
      column !== undefined && isValid(column, row) ? readString(column, row) : undefined
    return Array.from(rows, (row, i) =>
      rawAdd({
        stats: texts[i],
        tags: parseTags(text(tags, row)),
        baseRowId: parseLong(text(baseRowId, row)),
        defaultRowCommitVersion: parseLong(text(defaultRowCommitVersion, row)),
      }),
    )
  }
}

/** Drops what is undefined, so that an absent field stays absent. */
export function rawAdd(
  fields: {
    readonly [Key in keyof RawAdd]: RawAdd[Key] | undefined
  },
): RawAdd {
  return {
    stats: fields.stats,
    tags: fields.tags,
    baseRowId: fields.baseRowId,
    defaultRowCommitVersion: fields.defaultRowCommitVersion,
  }
}

function parseLong(text: string | undefined): bigint | undefined {
  return text === undefined ? undefined : BigInt(text)
}

/** Tags are only passed on: what is no map of strings is left out. */
export function parseTags(json: string | undefined): ReadonlyMap<string, string> | undefined {
  if (json === undefined) return undefined
  const parsed: unknown = JSON.parse(json)
  if (typeof parsed !== 'object' || parsed === null) return undefined
  const entries = Object.entries(parsed).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return new Map(entries)
}
