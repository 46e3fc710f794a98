import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadedBy, startCommand, withEmptyShare } from './support/started-command.js'

const own = fileURLToPath(new URL('..', import.meta.url))
const built = existsSync(join(own, 'dist/bundle/main.js'))

/** Reading a file takes half a millisecond, and a megabyte of code ten: both are counted, for a test cannot time them. */
describe.skipIf(!built)('of itself, the bundled command loads', () => {
  const main = join(own, 'dist/bundle/main.js')
  const megabytes = (files: readonly string[]) =>
    files.reduce((sum, file) => sum + statSync(file).size, 0) / 1e6

  it('its options to say its version', async () => {
    const { files, packages } = await loadedBy(main, ['--version'])
    expect(packages).toEqual(['spillway'])
    expect(files.length).toBeLessThan(10)
    expect(megabytes(files)).toBeLessThan(0.3)
  })

  it('a client to list what is shared', async () => {
    const { files, packages } = await withEmptyShare(profile => loadedBy(main, ['ls', profile]))
    expect(packages).toEqual(['spillway'])
    expect(files.length).toBeLessThan(40)
    expect(megabytes(files)).toBeLessThan(0.6)
  })

  it('an adapter for a query, and of DuckDB nothing but the file for this machine', async () => {
    const { files, packages } = await withEmptyShare(profile =>
      loadedBy(main, ['query', profile, 'SELECT 1 AS one']),
    )
    expect(packages).toEqual(['@duckdb/node-bindings', 'detect-libc', 'spillway'])
    expect(files.length).toBeLessThan(75)
    expect(megabytes(files)).toBeLessThan(2.2)
  })
})

describe.skipIf(!built)(
  'where only it is installed, and DuckDB itself, the bundled command',
  () => {
    let folder: string
    let main: string
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'spillway-bundle-'))
      const at = join(folder, 'node_modules', 'spillway')
      for (const name of ['package.json', 'dist/bundle'])
        cpSync(join(own, name), join(at, name), { recursive: true })
      const duckdb = dirname(
        createRequire(join(own, 'package.json')).resolve('@duckdb/node-bindings'),
      )
      mkdirSync(join(folder, 'node_modules', '@duckdb'))
      symlinkSync(duckdb, join(folder, 'node_modules', '@duckdb', 'node-bindings'))
      main = join(at, 'dist', 'bundle', 'main.js')
    })
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    it('answers SQL', async () => {
      const ran = await withEmptyShare(
        profile =>
          startCommand(main, ['query', profile, 'SELECT 1 AS one', '--json'], { folder }).ended,
      )
      expect(ran).toEqual({ status: 0, stdout: '{"one":1}\n', stderr: '' })
    })

    it('says what is wrong as the compiled one does', async () => {
      const ran = await startCommand(main, ['ls', 'nothing.share'], { folder }).ended
      expect(ran).toMatchObject({ status: 4, stdout: '' })
      expect(ran.stderr).toContain('nothing.share')
    })

    it('names the functions that an error came through', async () => {
      const failing = 'process.stdout.write = () => { throw new RangeError("made to fail") }'
      const flags = ['--import', `data:text/javascript,${failing}`]
      const ran = await startCommand(main, ['config', 'schema'], { folder, flags }).ended
      expect(ran).toMatchObject({ status: 1, stdout: '' })
      expect(ran.stderr).toMatch(
        /at \S*configSchemaCommand \(.*bundle\/config-command\.js:\d+:\d+\)/,
      )
    })

    it('checks the machine, DuckDB with it', async () => {
      const ran = await startCommand(main, ['doctor', '--json'], { folder }).ended
      expect(ran).toMatchObject({ status: 0, stderr: '' })
      expect(ran.stdout).toContain('loads and answers')
    })
  },
)
