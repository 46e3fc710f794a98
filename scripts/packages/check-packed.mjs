// What is wrong with packed packages, by our own rules and by what linters of packages say.
import { join } from 'node:path'
import { problemsOfTarball } from './check-tarballs.mjs'
import { readJson, root } from './published.mjs'
import { runProcess } from './run-process.mjs'

/** Problems of what `packAll` answered, as sentences. */
export function problemsOfPacked(packed) {
  const { repository } = readJson(join(root, 'package.json'))
  return packed.flatMap(one => [
    ...problemsOfTarball(one.path, { repository, machine: [root] }),
    ...lint(one),
  ])
}

/** What linters of packages say of a tarball, as sentences. The profile is explained in decision 0031. */
function lint({ name, path }) {
  const problems = []
  for (const [tool, ...args] of [
    ['publint', 'run', path, '--strict'],
    ['attw', path, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji'],
  ]) {
    try {
      runProcess(join(root, 'node_modules', '.bin', tool), args, { folder: root })
    } catch (error) {
      problems.push(`${name}: ${tool}: ${error.message}`)
    }
  }
  return problems
}
