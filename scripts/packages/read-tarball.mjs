// Reads an npm tarball: gzip over blocks of 512 bytes, one of them the header of each file.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

const BLOCK = 512

/** The files of a tarball by their path below `package/`. */
export function readTarball(path) {
  const bytes = gunzipSync(readFileSync(path))
  const files = new Map()
  let longName
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const header = bytes.subarray(at, at + BLOCK)
    if (header.every(byte => byte === 0)) break
    const size = Number.parseInt(textOf(header, 124, 12), 8)
    const content = bytes.subarray(at + BLOCK, at + BLOCK + size)
    const kind = String.fromCharCode(header[156])
    if (kind === 'x') longName = /(?:^|\n)\d+ path=([^\n]*)/.exec(content.toString('utf8'))?.[1]
    else {
      const prefix = textOf(header, 345, 155)
      const short = textOf(header, 0, 100)
      const name = longName ?? (prefix === '' ? short : `${prefix}/${short}`)
      if (kind === '0' || kind === '\0') files.set(name.replace(/^package\//, ''), content)
      else if (kind !== '5') throw new Error(`${path}: ${name} is no file, but of kind ${kind}`)
      longName = undefined
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return files
}

function textOf(header, at, length) {
  const field = header.subarray(at, at + length)
  const end = field.indexOf(0)
  return field
    .subarray(0, end < 0 ? length : end)
    .toString('utf8')
    .trim()
}
