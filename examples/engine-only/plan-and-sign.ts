import { randomBytes } from 'node:crypto'
import { isTableError, TableError } from '@spillway/core'
import { deltaReader } from '@spillway/delta'
import { fileShapes } from '@spillway/encoding'
import { createBatchCache, createEngine, type Engine } from '@spillway/engine'
import { hudiReader } from '@spillway/hudi'
import { icebergReader } from '@spillway/iceberg'
import { parquetTableReader } from '@spillway/parquet'
import { parseSqlPredicate } from '@spillway/protocol'
import { type LocalGateway, localGateway, localStore } from '@spillway/storage'

export interface LocalEngine {
  readonly engine: Engine
  /** Honours what was signed: `gateway.handle(request)` is a `Request -> Response` function, for whoever serves it. */
  readonly gateway: LocalGateway
}

/** An engine over the folders of this machine, put together by hand: no configuration, no server, no DuckDB. */
export function localEngine(root: string, baseUrl: string): LocalEngine {
  const store = localStore({ roots: [root] })
  const cache = createBatchCache({ maxBytes: 256 * 1024 ** 2 })
  const shapes = fileShapes({ store })
  const gateway = localGateway({ roots: [root], secret: randomBytes(32), baseUrl })
  const engine = createEngine({
    // Asked in this order; the last takes any folder of Parquet files that no other claims.
    readers: [
      deltaReader({ store, cache }),
      icebergReader({ store, cache }),
      hudiReader({ store, cache }),
      parquetTableReader({ store, cache, shapes }),
    ],
    signers: [gateway.signer],
    store,
    fileShapes: shapes,
    urlExpiresInSeconds: 900,
  })
  return { engine, gateway }
}

export interface SignedTableFile {
  readonly url: string
  readonly bytes: number
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

export interface SignedPlan {
  readonly version: bigint
  readonly files: AsyncIterable<SignedTableFile>
}

/**
 * The files that may hold rows for which `where` holds, each with a URL. Whoever reads them knows nothing of deletes: a
 * table that has some is refused, with what would serve it, before the first file.
 */
export async function planAndSign(
  engine: Engine,
  location: string,
  where?: string,
): Promise<SignedPlan> {
  const { predicate, unapplied } = parseSqlPredicate(where ?? 'true')
  const [problem] = unapplied
  if (problem !== undefined) {
    throw new TableError('INVALID_REQUEST', `${problem.predicate}: ${problem.reason}`)
  }
  const snapshot = await engine.snapshot({ location })
  const signed = engine.signedFiles(snapshot, {
    predicate,
    accepts: { features: new Set(), inlineVectorBytes: 0 },
  })
  async function* files(): AsyncGenerator<SignedTableFile> {
    for await (const batch of signed) {
      for (const { file, url, expiresAt } of batch) {
        yield { url, bytes: Number(file.size), expiresAt }
      }
    }
  }
  return { version: snapshot.version, files: files() }
}

/** What went wrong, for people. */
export function reasonOf(error: unknown): string {
  return isTableError(error) ? `${error.code}: ${error.message}` : String(error)
}
