import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { duckDb } from '@spillway/rows'
import { isCommandBuilt as built, commandFile as main } from '@spillway/testkit'
import { writeSampleTables } from '../../src/demo/sample-tables.js'
import type { Ran } from './terminal.js'

export { built, main }

/** Delta tables with every type; their share's name must be quoted in SQL. */
const GOLDEN = ['all-types', 'nested', 'rs-types', 'dv-delete', 'empty']
export const golden = fileURLToPath(new URL('../../../../test/fixtures/delta', import.meta.url))

/** The demo's sample tables of four formats, served by the real command in a process of its own. */
export interface SampleShare {
  readonly folder: string
  readonly endpoint: string
  /** A profile that was granted the share `city`, or those that were asked for. */
  readonly profile: string
  /** The token inside, which nothing may ever print. */
  readonly token: string
  close(): Promise<void>
}

export async function serveSampleTables(
  options: { readonly share?: readonly string[] } = {},
): Promise<SampleShare> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-recipient-'))
  const config = join(folder, 'spillway.yaml')
  const duckdb = duckDb()
  const tables = await writeSampleTables(duckdb, folder)
  await duckdb.close()
  const listed = tables.map(({ note: _, ...table }) => ({ ...table, history: true }))
  const typed = GOLDEN.map(name => ({ name, location: join(golden, name) }))
  writeFileSync(
    config,
    JSON.stringify({
      server: { port: 0 },
      staging: { location: 'staging' },
      shares: [
        { name: 'city', schemas: [{ name: 'public', tables: listed }] },
        { name: 'my-types', schemas: [{ name: 'golden', tables: typed }] },
      ],
    }),
  )
  const profile = join(folder, 'me.share')
  const granted = [
    ...(options.share ?? ['city']).flatMap(name => ['--share', name]),
    '--endpoint',
    'http://127.0.0.1:1/delta-sharing',
  ]
  await runBuilt(['token', 'me', '--config', config, ...granted, '--out', profile], { folder })
  const server = spawn(process.execPath, [main, 'serve', '--config', config], { stdio: 'pipe' })
  const endpoint = await listeningAt(server)
  const text = readFileSync(profile, 'utf8').replace('http://127.0.0.1:1/delta-sharing', endpoint)
  writeFileSync(profile, text)
  return {
    folder,
    endpoint,
    profile,
    token: (JSON.parse(text) as { bearerToken: string }).bearerToken,
    async close() {
      const ended = new Promise(resolve => server.once('close', resolve))
      server.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export function listeningAt(server: ChildProcess): Promise<string> {
  let output = ''
  return new Promise((resolve, reject) => {
    const heard = (chunk: unknown) => {
      output += String(chunk)
      const endpoint = /listening +(http\S+)/.exec(output)?.[1]
      if (endpoint !== undefined) resolve(endpoint)
    }
    server.stdout?.on('data', heard)
    server.stderr?.on('data', heard)
    server.once('close', () => reject(new Error(`the server ended: ${output}`)))
  })
}

/** Runs the built command in a process of its own. */
export async function runBuilt(
  args: readonly string[],
  options: {
    readonly folder?: string
    readonly stdin?: string
    readonly environment?: Readonly<Record<string, string>>
  } = {},
): Promise<Ran & { readonly bytes: Buffer }> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: options.folder,
    env: { ...process.env, NO_COLOR: undefined, ...options.environment },
    stdio: 'pipe',
  })
  const chunks: Buffer[] = []
  let stderr = ''
  child.stdout.on('data', chunk => chunks.push(chunk))
  child.stderr.on('data', chunk => {
    stderr += String(chunk)
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.stdin ?? '')
  const status = await new Promise<number>(resolve =>
    child.on('close', code => resolve(code ?? -1)),
  )
  const bytes = Buffer.concat(chunks)
  return { status, stdout: bytes.toString(), bytes, stderr }
}
