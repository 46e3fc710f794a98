/** What the name of an object in `_delta_log` says. PROTOCOL.md, "Files". */
export type LogFileName =
  | { readonly kind: 'commit'; readonly version: bigint }
  | { readonly kind: 'checkpoint'; readonly version: bigint }
  | {
      readonly kind: 'checkpoint-part'
      readonly version: bigint
      readonly part: number
      readonly parts: number
    }
  | {
      readonly kind: 'checkpoint-v2'
      readonly version: bigint
      readonly encoding: 'json' | 'parquet'
    }
  | { readonly kind: 'compacted'; readonly version: bigint; readonly endVersion: bigint }
  | { readonly kind: 'checksum'; readonly version: bigint }

const PATTERN =
  /^(\d{20})\.(?:(json)|(crc)|(?:(\d{20})\.compacted\.json)|(?:checkpoint\.(?:(parquet)|(?:(\d{10})\.(\d{10})\.parquet)|(?:[0-9a-fA-F-]{36}\.(json|parquet)))))$/

/** Undefined for names a reader ignores: temporary files, names without padding, other programs' files. */
export function parseLogName(name: string): LogFileName | undefined {
  const match = PATTERN.exec(name)
  if (match === null) return undefined
  const version = BigInt(match[1]!)
  if (match[2] !== undefined) return { kind: 'commit', version }
  if (match[3] !== undefined) return { kind: 'checksum', version }
  if (match[4] !== undefined) return { kind: 'compacted', version, endVersion: BigInt(match[4]) }
  if (match[5] !== undefined) return { kind: 'checkpoint', version }
  if (match[6] !== undefined) {
    return { kind: 'checkpoint-part', version, part: Number(match[6]), parts: Number(match[7]) }
  }
  return { kind: 'checkpoint-v2', version, encoding: match[8] === 'json' ? 'json' : 'parquet' }
}

export function padVersion(version: bigint): string {
  return version.toString().padStart(20, '0')
}

export function logFolder(location: string): string {
  return `${location.endsWith('/') ? location : `${location}/`}_delta_log/`
}

/** The last name of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
