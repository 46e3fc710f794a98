import { concatenated } from '../manifest/hasher.js'

const BLOCK = 512
const utf8 = new TextEncoder()

/** What stands in front of the bytes of a file in an archive (POSIX.1-2001, ustar and pax): its name and size, and nothing of its machine. */
export function tarHeader(path: string, size: number): Uint8Array {
  const split = splitName(path)
  if (split !== undefined) return header({ ...split, size, type: '0' })
  const record = paxRecord('path', path)
  return concatenated([
    // Readers that know no pax see a file of this name, and the next by a part of its own.
    header({ name: 'PaxHeader', prefix: '', size: record.length, type: 'x' }),
    record,
    paddingOf(record.length),
    header({ name: cutName(path), prefix: '', size, type: '0' }),
  ])
}

/** What stands behind `size` bytes: zeros up to the next block. */
export function paddingOf(size: number): Uint8Array {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK)
}

/** Two blocks of zeros. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * BLOCK)
}

interface Header {
  readonly name: string
  readonly prefix: string
  readonly size: number
  readonly type: '0' | 'x'
}

function header({ name, prefix, size, type }: Header): Uint8Array {
  const block = new Uint8Array(BLOCK)
  const put = (text: string, at: number) => block.set(utf8.encode(text), at)
  put(name, 0)
  put('0000644\0', 100)
  put('0000000\0', 108)
  put('0000000\0', 116)
  put(`${size.toString(8).padStart(11, '0')}\0`, 124)
  put(`${'0'.repeat(11)}\0`, 136)
  // The sum is made over spaces in its own place.
  put(' '.repeat(8), 148)
  put(type, 156)
  put('ustar\0', 257)
  put('00', 263)
  put(prefix, 345)
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

const NAME_BYTES = 100
const PREFIX_BYTES = 155

/** A name of ASCII in the two fields of a header, parted at a slash; undefined where it fits into none. */
function splitName(path: string): { readonly name: string; readonly prefix: string } | undefined {
  if (!/^[\x20-\x7e]+$/.test(path)) return undefined
  if (path.length <= NAME_BYTES) return { name: path, prefix: '' }
  const slash = path.indexOf('/', path.length - NAME_BYTES - 1)
  if (slash <= 0 || slash > PREFIX_BYTES || slash === path.length - 1) return undefined
  return { name: path.slice(slash + 1), prefix: path.slice(0, slash) }
}

/** Its last part, without what is no ASCII. */
function cutName(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/[^\x20-\x7e]/g, '_')
  return name.slice(-NAME_BYTES)
}

/** `LENGTH KEY=VALUE`, whose length counts its own digits. */
function paxRecord(key: string, value: string): Uint8Array {
  const rest = utf8.encode(` ${key}=${value}\n`)
  let length = rest.length
  while (String(length).length + rest.length !== length) {
    length = String(length).length + rest.length
  }
  return concatenated([utf8.encode(String(length)), rest])
}
