import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { TableError } from '@spillway/core'

const DECODERS: ReadonlyMap<string, (bytes: Uint8Array, options: Limited) => Promise<Uint8Array>> =
  new Map([
    ['gzip', promisify<Uint8Array, Limited, Uint8Array>(gunzip)],
    ['x-gzip', promisify<Uint8Array, Limited, Uint8Array>(gunzip)],
    ['deflate', promisify<Uint8Array, Limited, Uint8Array>(inflate)],
  ])

interface Limited {
  readonly maxOutputLength: number
}

/**
 * A request's body as its Content-Encoding (RFC 9110, 8.4) has it, of `maxBytes` at most. A body parser in front may have decoded it
 * and left the header: what begins as JSON does is taken as it is.
 */
export async function decodedBody(
  bytes: Uint8Array,
  encoding: string | null,
  maxBytes: number,
): Promise<Uint8Array> {
  const name = encoding?.trim().toLowerCase() ?? ''
  if (name === '' || name === 'identity' || beginsAsJson(bytes)) return bytes
  const decode = DECODERS.get(name)
  if (decode === undefined) {
    throw new TableError(
      'INVALID_REQUEST',
      `the request body has a Content-Encoding that is not read here: send it as it is, or as one of ${[...DECODERS.keys()].join(', ')}`,
    )
  }
  try {
    return await decode(bytes, { maxOutputLength: maxBytes })
  } catch (cause) {
    const isTooLong = (cause as { readonly code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE'
    const reason = isTooLong ? `is larger than ${maxBytes} bytes` : `is not ${name}, as it says`
    throw new TableError('INVALID_REQUEST', `the request body ${reason}`, { cause })
  }
}

/** Neither encoding begins with a brace or white space, or is empty. */
function beginsAsJson(bytes: Uint8Array): boolean {
  const first = bytes[0]
  return first === undefined || first === 0x7b || first === 0x20 || first === 0x0a
}
