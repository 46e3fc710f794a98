import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Accepts, ObjectStore, TableSource, WritableStore } from '@spillway/core'
import { rowResolver } from '@spillway/rows'
import { localGateway, localStore } from '@spillway/storage'
import { compose } from '../../src/index.js'

/** In every file that does not belong to the table, uncompressed. */
export const CANARY = 'CANARY-OF-ANOTHER-TABLE'

const PLAIN: Accepts = { features: new Set(), inlineVectorBytes: 0 }

export interface Attempt {
  /** Files that were signed. */
  readonly files: readonly { readonly status: number; readonly body: Buffer }[]
  /** Why no more were; undefined where all were. */
  readonly error: Error | undefined
  /** Where bytes of a foreign file turned up. */
  readonly leaks: readonly string[]
}

/** A folder of tables that all lie below one root of the server's, and a store that sees what is read of it. */
export function fencedLake() {
  const lake = mkdtempSync(join(tmpdir(), 'spillway-fence-'))
  const leaks: string[] = []
  const watch: Watch = { leaks, opened: () => undefined }
  const store: WritableStore = {
    ...localStore({ roots: [lake] }),
    ...watched(localStore({ roots: [lake] }), watch),
  }
  const spillway = compose({ stores: [{ scheme: 'file', store }] })
  const gateway = localGateway({
    roots: [lake],
    secret: 'a secret of the tests',
    baseUrl: 'https://share.example/files',
  })
  const staging = join(lake, 'staging')
  mkdirSync(staging)
  let tables = 0

  async function write(path: string, select: string, options = ''): Promise<number> {
    mkdirSync(join(path, '..'), { recursive: true })
    const connection = await spillway.duckdb.connect()
    await connection.run(
      `COPY (${select}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION uncompressed${options})`,
    )
    connection.close()
    return statSync(path).size
  }

  function engine(withStaging: boolean) {
    const { duckdb } = spillway
    const own = { store: localStore({ roots: [staging] }), location: staging }
    return spillway.engine({
      signers: [gateway.signer],
      freshnessMs: 0,
      ...(withStaging && {
        stagingLocations: [staging],
        rowResolver: rowResolver({ store, duckdb, staging: own }),
      }),
    })
  }

  /** The table queried to its end by a recipient who can do nothing for itself, and every URL fetched. */
  async function query(source: TableSource, withStaging: boolean): Promise<Attempt> {
    leaks.length = 0
    const files: { status: number; body: Buffer }[] = []
    let error: Error | undefined
    try {
      const asked = engine(withStaging)
      const snapshot = await asked.snapshot(source)
      for await (const batch of asked.signedFiles(snapshot, { accepts: PLAIN })) {
        for (const { url } of batch) {
          const answer = await gateway.handle(new Request(url))
          files.push({ status: answer.status, body: Buffer.from(await answer.arrayBuffer()) })
        }
      }
    } catch (thrown) {
      error = thrown as Error
    }
    for (const { body } of files) if (body.includes(CANARY)) leaks.push('an answer')
    for (const path of filesBelow(staging)) {
      if (readFileSync(path).includes(CANARY)) leaks.push('staging')
    }
    return { files, error, leaks: [...leaks] }
  }

  /** Its rows read, as `count` and `rows` do. */
  async function read(source: TableSource): Promise<Attempt & { readonly rows: number }> {
    leaks.length = 0
    let rows = 0
    let error: Error | undefined
    try {
      const snapshot = await engine(false).snapshot(source)
      for await (const block of spillway.rows.rows(snapshot).rows) {
        rows += block.length
        if (JSON.stringify(block).includes(CANARY)) leaks.push('rows')
      }
    } catch (thrown) {
      error = thrown as Error
    }
    return { files: [], error, leaks: [...leaks], rows }
  }

  return {
    lake,
    store,
    staging,
    write,
    query,
    read,
    /** Does `work` as soon as a file whose path ends so was looked at or opened, and before anything is made of it. */
    onOpened(end: string, work: () => void) {
      watch.opened = path => {
        if (!path.endsWith(end)) return
        watch.opened = () => undefined
        work()
      }
    },
    /** A folder for one more table. */
    folder: () => join(lake, `table-${++tables}`),
    async close() {
      await spillway.close()
      rmSync(lake, { recursive: true, force: true })
    },
  }
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
}

interface Watch {
  readonly leaks: string[]
  opened: (path: string) => void
}

/** The store, telling of each read that got bytes of a foreign file: by `get`, or by whoever opens a file by its name. */
function watched(store: ObjectStore, watch: Watch): ObjectStore {
  return {
    ...store,
    async get(path, options) {
      const found = await store.get(path, options)
      if (found !== undefined && Buffer.from(found.bytes).includes(CANARY)) watch.leaks.push(path)
      return found
    },
    async head(path, signal) {
      const found = await store.head(path, signal)
      watch.opened(path)
      return found
    },
    within: fence => watched(store.within!(fence), watch),
    async openLocal(path, signal) {
      const open = await store.openLocal!(path, signal)
      if (open !== undefined && readFileSync(open.path).includes(CANARY)) watch.leaks.push(path)
      watch.opened(path)
      return open
    },
  }
}
