import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attachShare } from '../src/index.js'
import { type ShareServer, shareServer } from './support/share-server.js'
import { SCHEMA, sharedTable } from './support/share-table.js'

const folder = fileURLToPath(new URL('..', import.meta.url))

/** A program in plain JavaScript that never closes what it attached. */
const PROGRAM = `
  import { DuckDBInstance } from '@duckdb/node-api'
  import { attachShare } from '@spillway/duckdb'
  const [profile, parent, end] = process.argv.slice(1)
  const connection = await (await DuckDBInstance.create()).connect()
  const share = await attachShare(connection, profile, { folder: parent })
  const result = await share.query('SELECT count(*) FROM share.main.t')
  console.log('attached')
  if (end === 'exit') process.exit(0)
  if (end === 'throw') throw new Error('a mistake')
  if (end === 'kill') setInterval(() => {}, 1000)
`

describe.skipIf(!existsSync(join(folder, 'dist/index.js')))(
  'a process that ends without close',
  () => {
    let server: ShareServer
    let parent: string
    beforeAll(async () => {
      server = await shareServer({
        files: await sharedTable(1, 100),
        schemaString: SCHEMA,
        partitionColumns: ['day'],
      })
      parent = mkdtempSync(join(tmpdir(), 'spillway-ended-'))
    })
    afterAll(async () => {
      await server.close()
      rmSync(parent, { recursive: true })
    })

    /** Runs the program with `parent` as its temporary folder, to its end. */
    async function ended(end: string): Promise<void> {
      const program = ['--input-type=module', '-e', PROGRAM]
      const profile = JSON.stringify(server.profile)
      const child = spawn(process.execPath, [...program, profile, parent, end], {
        cwd: folder,
        env: { ...process.env, TMPDIR: parent },
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      const exited = new Promise(resolve => child.once('exit', resolve))
      const attached = new Promise(resolve => child.stdout.once('data', resolve))
      await Promise.race([attached, exited])
      if (end === 'kill') child.kill('SIGKILL')
      await exited
    }

    it.each(['runs out', 'exit', 'throw'])('takes its folders with it: %s', async end => {
      await ended(end)
      expect(readdirSync(parent)).toEqual([])
    })

    it('leaves them to the next one where it is killed', async () => {
      await ended('kill')
      expect(readdirSync(parent).length).toBeGreaterThan(0)
      const connection = await (await DuckDBInstance.create()).connect()
      const share = await attachShare(connection, server.profile, { folder: parent })
      expect(readdirSync(parent)).toHaveLength(1)
      await share.close()
      expect(readdirSync(parent)).toEqual([])
    })
  },
)
