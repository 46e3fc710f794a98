// Nodes that packages are tried on: the platform's package of npm's `node` holds the program, and is kept below the clone.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './published.mjs'
import { runProcess } from './run-process.mjs'

/** The versions that are tried, one of every major that is promised (`engines`). */
export const NODES = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0' }

/** Path of a Node by its major; the one that runs this where it has that major. */
export function nodeOf(major) {
  if (process.versions.node.split('.')[0] === String(major)) return process.execPath
  const version = NODES[major]
  if (version === undefined) {
    throw new Error(
      `Node ${major} is not among those that are tried: ${Object.keys(NODES).join(', ')}`,
    )
  }
  const name = nameOf(`${process.platform}-${process.arch}`)
  const folder = join(root, '.cache', 'nodes', version)
  const node = join(folder, 'node_modules', name, 'bin', 'node')
  if (!existsSync(node)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
    runProcess('npm', ['install', '--no-save', '--no-package-lock', `${name}@${version}`], {
      folder,
    })
  }
  return node
}

/** Apple's own processors came later, under another name. */
function nameOf(platform) {
  return platform === 'darwin-arm64' ? `node-bin-${platform}` : `node-${platform}`
}

/** An environment in which `node`, `npm` and `npx` are run by that Node. */
export function environmentOf(node, more = {}) {
  return { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}`, ...more }
}
