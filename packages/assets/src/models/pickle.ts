import { quotedName } from '../paths/path-fault.js'
import { type RangedFile, readRange } from './ranged-file.js'
import { zipNames } from './zip-names.js'

/** A file that runs code when it is loaded, or may. */
export interface PickleFinding {
  /** True where its bytes say so; false where its name does, or its bytes do not tell. */
  readonly isCertain: boolean
  /** A sentence without its stop. */
  readonly reason: string
}

/** Extensions of what Python pickles: PyTorch, joblib, scikit-learn, NumPy's objects. */
const EXTENSION =
  /\.(?:bin|ckpt|cloudpickle|dill|joblib|npz|p|pck|pickle|pkl|pt|pth)(?:\.(?:bz2|gz|lzma|xz|z|zst))?$/i
const PICKLED_ENTRY = /\.(?:pickle|pkl)$/i

const HEAD_BYTES = 64 * 1024
const ZIP = [0x50, 0x4b, 0x03, 0x04]
const NUMPY = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
/** How `torch.save` began before it wrote zips: a pickle of this number. */
const OLD_TORCH = [
  0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19,
]

/** Why a file of this name may be pickled: of formats without a mark of their own a name is all there is. */
export function pickleByName(path: string): string | undefined {
  const extension = EXTENSION.exec(path)?.[0]
  return extension === undefined ? undefined : `files called ${extension} usually are pickled`
}

/**
 * What runs code when `file` is loaded, by a few small reads of its bytes and else by its name; undefined where nothing tells
 * so, which does not prove that nothing does: pickles of protocol 0 and 1 have no mark.
 */
export async function findPickle(
  file: RangedFile,
  signal?: AbortSignal,
): Promise<PickleFinding | undefined> {
  const head = await readRange(file, { start: 0, end: HEAD_BYTES }, signal)
  const reason = certainReason(head)
  if (reason !== undefined) return { isCertain: true, reason }
  if (beginsWith(head, ZIP)) {
    const names = await zipNames(file, signal)
    if (names === undefined) {
      return { isCertain: false, reason: 'it is a zip whose directory cannot be read' }
    }
    const entry = names.find(name => PICKLED_ENTRY.test(name))
    if (entry !== undefined) {
      return { isCertain: true, reason: `it is a zip that holds the pickle ${quotedName(entry)}` }
    }
  }
  const byName = pickleByName(file.path)
  return byName === undefined ? undefined : { isCertain: false, reason: byName }
}

function certainReason(head: Uint8Array): string | undefined {
  if (beginsWith(head, OLD_TORCH)) return 'it is a pickle of PyTorch'
  const [first, protocol = 0] = head
  if (first === 0x80 && protocol >= 2 && protocol <= 5) {
    return `it begins as a pickle of protocol ${protocol}`
  }
  if (beginsWith(head, NUMPY) && hasObjects(head)) return 'it is an array of pickled objects'
  return undefined
}

function beginsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, i) => bytes[i] === byte)
}

/** The header of NumPy states a type in Python's spelling, and `O` is that of objects. */
function hasObjects(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  if (head.length < 12) return false
  const [start, length] =
    head[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)]
  const text = new TextDecoder('latin1').decode(head.subarray(start, start + length))
  return /'\|O\d*'/.test(text)
}
