import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { TableError } from '@spillway/core'
import { type DuckDbApi, duckDbApi } from './duckdb-api.js'
import { heldFolder } from './scratch-folder.js'
import { type Connection, sessionOn } from './session.js'

export interface DuckDbOptions {
  readonly threads?: number
  /** As DuckDB spells it: `2GB`. */
  readonly memoryLimit?: string
  /** Where it spills what exceeds the memory limit; the default is a folder of its own below the system's temporary one. */
  readonly temporaryFolder?: string
}

/** An embedded database without tables of its own: it reads files and answers. Opened at the first use. */
export interface DuckDb {
  connect(): Promise<Connection>
  /** A connection of the client library's own, for whoever brings tables to it; its owner closes it. */
  connectNative(): Promise<DuckDBConnection>
  version(): Promise<string>
  close(): Promise<void>
}

/** A DuckDB in memory, loaded and opened at the first connection. `memoryLimit` is in DuckDB's words: `4GB`. */
export function duckDb(options: DuckDbOptions = {}): DuckDb {
  let opened: Promise<OpenedDuckDb> | undefined
  const instance = async () => {
    opened ??= open(options)
    return (await opened).instance
  }
  async function connectNative(): Promise<DuckDBConnection> {
    const connection = await (await instance()).connect()
    // Zone-less text and casts between the two timestamps mean UTC, whatever the machine's zone is.
    await connection.run("SET TimeZone = 'UTC'")
    // Tables have no geometry: what GeoParquet says of a column of bytes would change its type, or refuse the file.
    await connection.run('SET enable_geoparquet_conversion = false')
    return connection
  }
  return {
    connect: async () => sessionOn(await connectNative()),
    connectNative,
    async version() {
      const { version } = await loadDuckDb()
      return version()
    },
    async close() {
      const closing = opened
      opened = undefined
      await (await closing)?.close()
    },
  }
}

async function loadDuckDb(): Promise<DuckDbApi> {
  try {
    return await duckDbApi()
  } catch (cause) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      'DuckDB, which reads rows, cannot be loaded on this machine: reinstall with optional dependencies',
      { cause },
    )
  }
}

interface OpenedDuckDb {
  readonly instance: DuckDBInstance
  close(): Promise<void>
}

async function open(options: DuckDbOptions): Promise<OpenedDuckDb> {
  const { DuckDBInstance } = await loadDuckDb()
  // Rows are spilled there: the default would be a folder beside whatever the current one is, and one name for all users
  // could be another's.
  const own = options.temporaryFolder === undefined ? await heldFolder() : undefined
  const instance = await DuckDBInstance.create(':memory:', {
    // Nothing is fetched behind the user's back: an extension that is not built in is an error.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    ...(options.threads !== undefined && { threads: String(options.threads) }),
    ...(options.memoryLimit !== undefined && { memory_limit: options.memoryLimit }),
    temp_directory: own?.path ?? options.temporaryFolder!,
  })
  return {
    instance,
    async close() {
      instance.closeSync()
      await own?.remove()
    },
  }
}
