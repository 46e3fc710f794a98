import type { Duplex } from 'node:stream'
import * as zlib from 'node:zlib'
import { chooseEncoding } from './accept-encoding.js'

interface Encoding {
  readonly name: string
  readonly create: () => Duplex
}

/**
 * Codings this runtime has, the cheapest to make first. Every block is flushed: what has been made is not held back
 * until more has. Node has zstd since 22.15; before, its clients take gzip, which all of them do.
 */
const ENCODINGS: readonly Encoding[] = [
  ...zstdOf(zlib),
  {
    name: 'gzip',
    create: () => zlib.createGzip({ level: 1, flush: zlib.constants.Z_SYNC_FLUSH }),
  },
]
const NAMES = ENCODINGS.map(({ name }) => name)

interface ZstdModule {
  createZstdCompress(options: {
    readonly flush: number
    readonly params: Readonly<Record<number, number>>
  }): Duplex
  readonly constants: {
    readonly ZSTD_c_compressionLevel: number
    readonly ZSTD_e_flush: number
  }
}

function zstdOf(module: object): readonly Encoding[] {
  return hasZstd(module) ? [{ name: 'zstd', create: () => zstd(module) }] : []
}

/** The types are those of the oldest Node that is supported, which has none of it. */
function hasZstd(module: object): module is ZstdModule {
  return 'createZstdCompress' in module
}

function zstd({ createZstdCompress, constants }: ZstdModule): Duplex {
  return createZstdCompress({
    flush: constants.ZSTD_e_flush,
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  })
}

/** The answer in an encoding that the client asked for. Short answers without a stream stay as they are. */
export function compressed(request: Request, response: Response): Response {
  response.headers.append('vary', 'accept-encoding')
  const isLines = response.headers.get('content-type')?.startsWith('application/x-ndjson')
  if (response.body === null || !isLines) return response
  const chosen = chooseEncoding(request.headers.get('accept-encoding'), NAMES)
  const encoding = ENCODINGS.find(({ name }) => name === chosen)
  if (encoding === undefined) return response
  const headers = new Headers(response.headers)
  headers.set('content-encoding', encoding.name)
  return new Response(through(response.body, encoding.create()), {
    status: response.status,
    headers,
  })
}

/** As the result is read, so is the source; a fault of the source breaks it, and a reader that goes cancels both. */
function through(source: ReadableStream<Uint8Array>, encoder: Duplex): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  const made: Uint8Array[] = []
  encoder.on('data', (bytes: Uint8Array) => made.push(bytes))

  const encodeNext = async (): Promise<boolean> => {
    const { done, value } = await reader.read()
    await encode(encoder, done ? undefined : value)
    return done
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          let done = false
          while (!done && made.length === 0) done = await encodeNext()
          for (const bytes of made.splice(0)) controller.enqueue(bytes)
          if (done) controller.close()
        } catch (error) {
          encoder.destroy()
          throw error
        }
      },
      async cancel(reason) {
        encoder.destroy()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

/** Resolves once the encoder has made what it can of `bytes`; without any, of all it still holds. */
function encode(encoder: Duplex, bytes: Uint8Array | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    encoder.once('error', reject)
    const encoded = (error?: Error | null) => {
      encoder.off('error', reject)
      if (error) reject(error)
      else resolve()
    }
    if (bytes !== undefined) encoder.write(bytes, encoded)
    else encoder.once('end', encoded).end()
  })
}
