#!/usr/bin/env node
// Walks the way of a stranger from packed tarballs: `npm run strangers`, or its core on the current Node alone with `-- --core`.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { problemsOfPacked } from '../../scripts/packages/check-packed.mjs'
import { NODES, nodeOf } from '../../scripts/packages/node-versions.mjs'
import { packAll } from '../../scripts/packages/pack.mjs'
import { deployed } from './deploy.mjs'
import { pythonWithClient, startS3 } from './surroundings.mjs'
import { walk } from './walk.mjs'

/**
 * Walks on every Node; answers whether all of them arrived. What failed is printed as the stranger would have seen it. `tarballs`
 * are paths; `image` tries the files of deploy/ as well; `keep` leaves the folders behind.
 */
export async function walkAll({ tarballs, nodes, withPython, image, keep = false }) {
  const base = mkdtempSync(join(tmpdir(), 'spillway-strangers-'))
  const python = withPython ? pythonWithClient() : undefined
  let arrived = true
  for (const major of nodes) {
    const folder = join(base, `node-${major}`)
    // A server of its own: buckets must be empty as well.
    const s3 = startS3(join(base, `s3-${major}`))
    if (s3) mkdirSync(join(s3.buckets, 'lake'))
    else console.log('no S3: Go, which builds the server once, is not there')
    try {
      const way = { node: nodeOf(major), tarballs, step: stepper(major) }
      await walk({ ...way, folder, s3, python })
      if (image) await deployed({ ...way, folder: join(base, `image-${major}`) })
    } catch (error) {
      arrived = false
      console.error(`\nNode ${major}: what the stranger saw:\n\n${error.message}\n`)
    } finally {
      s3?.stop()
    }
  }
  if (keep) console.log(`kept: ${base}`)
  else rmSync(base, { recursive: true })
  return arrived
}

function stepper(major) {
  return async (title, work) => {
    const began = performance.now()
    process.stdout.write(`Node ${major}: ${title} ... `)
    try {
      await work()
      console.log(`${((performance.now() - began) / 1000).toFixed(1)} s`)
    } catch (error) {
      console.log('FAILED')
      throw error
    }
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      core: { type: 'boolean', default: false },
      node: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  })
  const current = process.versions.node.split('.')[0]
  const folder = mkdtempSync(join(tmpdir(), 'spillway-tarballs-'))
  try {
    const packed = packAll(folder)
    const problems = problemsOfPacked(packed)
    for (const problem of problems) console.error(problem)
    const arrived = await walkAll({
      tarballs: packed.map(({ path }) => path),
      nodes: values.node?.split(',') ?? (values.core ? [current] : Object.keys(NODES)),
      withPython: !values.core,
      image: !values.core,
      keep: values.keep,
    })
    if (!arrived || problems.length > 0) process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main()
