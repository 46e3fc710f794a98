import { gunzipSync } from 'node:zlib'

const BLOCK = 512
const text = new TextDecoder()

/** Files of a gzipped tar archive (POSIX pax), by path. For fixtures: what it does not know it refuses. */
export function readTarGz(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const tar = gunzipSync(bytes)
  const files = new Map<string, Uint8Array>()
  let longName: string | undefined
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(field(tar, at + 124, 12), 8)
    const content = tar.subarray(at + BLOCK, at + BLOCK + size)
    const kind = String.fromCharCode(tar[at + 156]!)
    const prefix = field(tar, at + 345, 155)
    const name = longName ?? (prefix === '' ? '' : `${prefix}/`) + field(tar, at, 100)
    if (kind === 'x') longName = paxPath(content)
    else if (kind === '0' || kind === '\0') {
      files.set(name, new Uint8Array(content))
      longName = undefined
    } else throw new Error(`tar entry ${name} of type ${kind}`)
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return files
}

function field(tar: Uint8Array, start: number, length: number): string {
  const bytes = tar.subarray(start, start + length)
  const end = bytes.indexOf(0)
  return text.decode(end < 0 ? bytes : bytes.subarray(0, end)).trim()
}

/** Records of the form `length key=value\n`. */
function paxPath(content: Uint8Array): string | undefined {
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at)
    const length = Number(text.decode(content.subarray(at, space)))
    const record = text.decode(content.subarray(space + 1, at + length - 1))
    if (record.startsWith('path=')) return record.slice('path='.length)
    at += length
  }
  return undefined
}
