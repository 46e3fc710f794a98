import { isTableError, mapConcurrently, TableError } from '@spillway/core'
import { believedShapes, type Connection, quoteText } from '@spillway/rows'
import type { ByteSource } from './byte-source.js'
import { wholeFiles } from './download-access.js'
import { fetchFooter } from './fetch-footer.js'
import type { FileAccess } from './file-access.js'
import { type LoopbackServer, loopbackServer } from './loopback-server.js'

export interface HttpfsOptions {
  /** A session of ours, and the one that queries run on: both load the extension. */
  readonly session: Connection
  readonly own: Connection
  /** Path of `httpfs.duckdb_extension`, of DuckDB's own version and platform. */
  readonly extension: string
  readonly concurrency: number
}

/**
 * DuckDB reads through its own httpfs extension, by itself and only what it needs, from a server on this machine that
 * holds the signed URLs: a URL that expires in the middle of a scan is renewed behind DuckDB's back, and nothing is
 * written to the disk.
 */
export async function httpfsAccess(options: HttpfsOptions): Promise<FileAccess> {
  await load(options)
  const server = await loopbackServer()
  return {
    async open(request) {
      const { files, reader, signal, onPlanned } = request
      const urls: string[] = []
      const close = async () => {
        for (const url of urls) server.remove(url)
      }
      try {
        const opened = await mapConcurrently(files, options.concurrency * 2, async shared => {
          const { tail, metadata } = await fetchFooter(request, shared)
          const url = server.add({ key: shared.key, size: shared.file.size, reader, tail })
          urls.push(url)
          return { url, metadata }
        })
        onPlanned?.(0)
        const paths = opened.map(({ url }) => url)
        const footers = opened.map(({ metadata }) => metadata)
        const shapes = await believedShapes(options.session, paths, { footers, signal })
        return { paths, shapes, ...wholeFiles(shapes, paths.length), close }
      } catch (error) {
        await close()
        throw failureOf(server, reader) ?? error
      }
    },
    failure: reader => failureOf(server, reader),
    close: () => server.close(),
  }
}

function failureOf(server: LoopbackServer, reader: ByteSource): TableError | undefined {
  const failure = server.takeFailure(reader)
  return isTableError(failure) ? failure : undefined
}

async function load({ session, own, extension }: HttpfsOptions): Promise<void> {
  try {
    await session.run(`LOAD ${quoteText(extension)}`)
    await own.run(`LOAD ${quoteText(extension)}`)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `DuckDB's httpfs extension cannot be loaded from ${extension}: ${reason}`,
      { context: { extension }, cause },
    )
  }
}
