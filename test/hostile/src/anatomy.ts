import { avroAnatomy } from './avro-anatomy.js'
import { compress, decompress } from './compress.js'
import { hfileAnatomy } from './hfile-anatomy.js'
import { hudiLogAnatomy } from './hudi-log-anatomy.js'
import { jsonLinesSlots, jsonSlots } from './json-slots.js'
import { parquetAnatomy } from './parquet-anatomy.js'
import { type Anatomy, wholePart } from './part.js'
import { propertiesSlots } from './properties-slots.js'
import { puffinAnatomy } from './puffin-anatomy.js'
import { vectorFileAnatomy } from './vector-anatomy.js'

const latin1 = new TextDecoder('latin1')

/** Takes a file apart by what its bytes are; throws `NotWhole` where they are not what they begin as. */
export function anatomyOf(path: string, bytes: Uint8Array): Anatomy {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gzipped(path, bytes)
  const head = latin1.decode(bytes.subarray(0, 8))
  if (head.startsWith('Obj\x01')) return avroAnatomy(bytes)
  if (head.startsWith('PAR1')) return parquetAnatomy(bytes)
  if (head.startsWith('PFA1')) return puffinAnatomy(bytes)
  if (head.startsWith('#HUDI#')) return hudiLogAnatomy(bytes)
  if (/^(DATABLK\*|IDXROOT2|TRABLK"\$)/.test(head) || path.endsWith('.hfile')) {
    return hfileAnatomy(bytes)
  }
  if (/deletion_vector_[^/]*\.bin$/.test(path)) return vectorFileAnatomy(bytes)
  if (/_delta_log\/[^/]*\.json$/.test(path)) return wholePart('lines', bytes, jsonLinesSlots)
  if (/^\s*[{[]/.test(head)) return wholePart('json', bytes, jsonSlots)
  if (/properties|partition_metadata/.test(path)) {
    return wholePart('properties', bytes, propertiesSlots)
  }
  return wholePart('text', bytes, whole => [
    { path: 'text', kind: 'text', start: 0, end: whole.length, text: latin1.decode(whole) },
  ])
}

function gzipped(path: string, bytes: Uint8Array): Anatomy {
  const inner = anatomyOf(path, decompress('gzip', bytes, 0))
  return {
    parts: inner.parts,
    assemble: (index, part, how) =>
      compress('gzip', inner.assemble(index, part, how), how?.level ?? 6),
  }
}
