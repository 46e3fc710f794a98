import { AvroWriter } from '../encodings/avro-writer.js'
import { ByteWriter } from '../encodings/hfile-writer.js'

const utf8 = new TextEncoder()
const TYPES = { command: 0, delete: 1, corrupt: 2, avro: 3, hfile: 4, parquet: 5, cdc: 6 } as const

export interface HudiLogBlock {
  readonly type: keyof typeof TYPES
  /** Header values by key number. */
  readonly header: Readonly<Record<number, string>>
  readonly content: Uint8Array
}

/** A Hudi log file of these blocks (tech spec, "Log file format"). */
export function hudiLog(blocks: readonly HudiLogBlock[]): Uint8Array {
  const out = new ByteWriter()
  for (const block of blocks) {
    const body = new ByteWriter().int32(1).int32(TYPES[block.type])
    writeMap(body, block.header)
    body.int64(block.content.length).raw(block.content)
    writeMap(body, {})
    const length = body.length + 8
    out
      .raw(utf8.encode('#HUDI#'))
      .int64(length)
      .raw(body.finish())
      .int64(length + 6)
  }
  return out.finish()
}

function writeMap(out: ByteWriter, map: Readonly<Record<number, string>>): void {
  const entries = Object.entries(map)
  out.int32(entries.length)
  for (const [key, value] of entries) {
    const bytes = utf8.encode(value)
    out.int32(Number(key)).int32(bytes.length).raw(bytes)
  }
}

/** Content of an Avro data block: records that were encoded already. */
export function hudiAvroContent(records: readonly Uint8Array[]): Uint8Array {
  const out = new ByteWriter().int32(3).int32(records.length)
  for (const record of records) out.int32(record.length).raw(record)
  return out.finish()
}

/** Content of a delete block; `ordering` is a long, absent for a delete that holds whatever the order. */
export function hudiDeleteContent(
  keys: readonly { readonly key: string; readonly ordering?: bigint }[],
): Uint8Array {
  const list = new AvroWriter()
  list.array(keys, ({ key, ordering }) => {
    list.long(1).bytes(key).long(1).bytes('')
    // Branches of the union of wrappers: 2 is an int, whose 0 means no ordering value; 3 is a long.
    if (ordering === undefined) list.long(2).long(0)
    else list.long(3).long(ordering)
  })
  return new ByteWriter().int32(3).int32(list.length).raw(list.take()).finish()
}
