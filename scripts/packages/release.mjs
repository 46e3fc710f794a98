#!/usr/bin/env node
// Releases all published packages: `npm run release -- --dry-run` does all but publish. What is published are the tarballs that
// were tried, byte for byte.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { walkAll } from '../../test/strangers/run.mjs'
import { problemsOfPacked } from './check-packed.mjs'
import { NODES } from './node-versions.mjs'
import { packAll } from './pack.mjs'
import { factsOf, isInRegistry, refusals } from './preflight.mjs'
import { publishedPackages, root } from './published.mjs'
import { runProcess } from './run-process.mjs'

/** In the order of dependencies, so that whoever installs meanwhile finds all that a package needs. */
function publish(packed) {
  for (const { name, version, path } of packed) {
    if (isInRegistry({ name, version })) {
      console.log(`${name}@${version} is there already`)
      continue
    }
    runProcess('npm', ['publish', path], { folder: root })
    console.log(`published ${name}@${version}`)
  }
}

async function main() {
  const { values } = parseArgs({
    options: { 'dry-run': { type: 'boolean', default: false }, node: { type: 'string' } },
  })
  const refused = refusals(factsOf(root, publishedPackages()))
  for (const one of refused) console.log(`not ready to publish: ${one}`)
  if (refused.length > 0 && !values['dry-run']) return 1
  const folder = mkdtempSync(join(tmpdir(), 'spillway-release-'))
  try {
    const packed = packAll(folder)
    const problems = problemsOfPacked(packed)
    for (const problem of problems) console.error(problem)
    console.log(`${packed.length} tarballs checked, ${problems.length} problems`)
    if (problems.length > 0) return 1
    const nodes = values.node?.split(',') ?? Object.keys(NODES)
    const tarballs = packed.map(({ path }) => path)
    if (!(await walkAll({ tarballs, nodes, withPython: false, image: true }))) return 1
    if (!values['dry-run']) publish(packed)
    return 0
  } finally {
    rmSync(folder, { recursive: true })
  }
}

process.exitCode = await main()
