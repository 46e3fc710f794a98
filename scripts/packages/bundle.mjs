#!/usr/bin/env node
// Bundles the command, as the compiler left it in packages/*/dist, into packages/spillway/dist/bundle: Node reads a few files where
// it would read hundreds. Decision 0041 says what is within, and why the library is not bundled.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import { bundledPackages, thirdPartyText } from './bundled-licences.mjs'
import { problemsOfBundle } from './check-bundle.mjs'
import { readJson, root } from './published.mjs'
import { writeFolder } from './write-folder.mjs'

/** What a bundle does not hold: DuckDB itself, a file of machine code for each platform. */
const EXTERNAL = ['@duckdb/node-bindings']

/** Asks Node for DuckDB's client, which is its own 180 files: within a bundle it is asked of the bundle. */
const DUCKDB = /[\\/]packages[\\/]rows[\\/]dist[\\/]session[\\/]duckdb-api\.js$/

/**
 * Writes the bundle anew, and `THIRD-PARTY.txt` beside it: whose code is within, under which licences. Throws where a file is asked
 * for that is neither within nor Node's own, or where the licence of something within is not known.
 */
export async function bundleCommand(of = root) {
  const source = join(of, 'packages', 'spillway', 'dist')
  const duckDb = duckDbWithin()
  const bundle = await rolldown({
    input: { main: join(source, 'main.js') },
    cwd: join(of, 'packages', 'spillway'),
    platform: 'node',
    external: EXTERNAL,
    plugins: [duckDb.plugin],
    onLog: refuseWarning,
  })
  // Names without digests: a stack trace is the same from build to build. Names and lines of the code stay for the same reason.
  const { output } = await bundle.generate({ format: 'esm', chunkFileNames: '[name].js' })
  await bundle.close()
  duckDb.check()
  const thirdParty = thirdPartyText(bundledPackages(output))
  const { dependencies } = readJson(join(of, 'packages', 'spillway', 'package.json'))
  const code = new Map(output.map(({ fileName, code: text }) => [fileName, text]))
  const problems = problemsOfBundle({ code, thirdParty, dependencies })
  if (problems.length > 0) throw new Error(problems.join('\n'))
  writeFolder(join(source, 'bundle'), new Map([...code, ['THIRD-PARTY.txt', thirdParty]]))
}

function duckDbWithin() {
  let found = false
  const load = {
    filter: { id: DUCKDB },
    handler() {
      found = true
      return "export const duckDbApi = () => import('@duckdb/node-api')\n"
    },
  }
  return {
    plugin: { name: 'duckdb-within', load },
    check() {
      if (!found) throw new Error(`no module of the command is ${DUCKDB.source}: where is it now?`)
    },
  }
}

function refuseWarning(level, log) {
  if (level === 'warn') throw new Error(`the command cannot be bundled as it is: ${log.message}`)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await bundleCommand()
