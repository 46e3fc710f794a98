import { anatomyOf } from './anatomy.js'
import { varint } from './avro-slots.js'
import { fileKind } from './file-kind.js'
import { type Slot, splice } from './slots.js'
import type { BenchTable } from './tables.js'

const encode = new TextEncoder()

/**
 * Files that record how long another one is, saying its new length: a mutant that is put together again would otherwise be
 * refused for its length, and what is in it never read. Manifest lists of manifests, V2 checkpoints of sidecars.
 */
export function recordersOf(
  table: BenchTable,
  path: string,
  length: number,
): ReadonlyMap<string, Uint8Array> {
  const changed = new Map<string, Uint8Array>()
  const kind = fileKind(table.format, path)
  const recorder = RECORDERS.find(each => each.of === kind && table.format === each.format)
  if (recorder === undefined || table.objects().get(path)?.length === length) return changed
  const name = path.slice(path.lastIndexOf('/') + 1)
  for (const [other, bytes] of table.objects()) {
    if (fileKind(table.format, other) !== recorder.in) continue
    const said = saying(other, bytes, { name, length, recorder })
    if (said !== undefined) changed.set(other, said)
  }
  return changed
}

interface Recorder {
  readonly format: string
  readonly of: string
  readonly in: string
  readonly path: string
  readonly length: string
}

const RECORDERS: readonly Recorder[] = [
  {
    format: 'iceberg',
    of: 'manifest',
    in: 'manifest list',
    path: '.manifest_path',
    length: '.manifest_length',
  },
  {
    format: 'delta',
    of: 'sidecar',
    in: 'V2 checkpoint',
    path: '.sidecar.path',
    length: '.sidecar.sizeInBytes',
  },
]

function saying(
  path: string,
  bytes: Uint8Array,
  { name, length, recorder }: { name: string; length: number; recorder: Recorder },
): Uint8Array | undefined {
  try {
    let whole = bytes
    for (const index of anatomyOf(path, bytes).parts.keys()) {
      // Taken apart again: what was put back before has moved what follows.
      const anatomy = anatomyOf(path, whole)
      const part = anatomy.parts[index]!
      const edits = editsOf(part.slots(part.bytes), { name, length, recorder })
      if (edits.length > 0) whole = anatomy.assemble(index, splice(part.bytes, edits))
    }
    return whole === bytes ? undefined : whole
  } catch {
    // What the bench cannot take apart records nothing that it knows of.
    return undefined
  }
}

function editsOf(
  slots: readonly Slot[],
  { name, length, recorder }: { name: string; length: number; recorder: Recorder },
) {
  const rows = slots
    .filter(slot => slot.path.endsWith(recorder.path) && slot.text.endsWith(name))
    .map(slot => slot.path.slice(0, -recorder.path.length))
  return slots
    .filter(({ path, kind }) => kind !== 'json-member' && path.endsWith(recorder.length))
    .filter(({ path }) => rows.includes(path.slice(0, -recorder.length.length)))
    .map(({ start, end, kind }) => ({
      start,
      end,
      bytes: kind === 'varint' ? varint(BigInt(length)) : encode.encode(String(length)),
    }))
}
