// The packages that are published, as their folders say.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** `{ name, version, folder, manifest }` of every package that is not private, each behind all that it depends on. */
export function publishedPackages(of = root) {
  const found = readdirSync(join(of, 'packages'))
    .map(name => join(of, 'packages', name))
    .map(folder => ({ folder, manifest: readJson(join(folder, 'package.json')) }))
    .filter(({ manifest }) => !manifest.private)
    .map(one => ({ name: one.manifest.name, version: one.manifest.version, ...one }))
  const byName = new Map(found.map(one => [one.name, one]))
  const sorted = new Set()
  const visit = one => {
    for (const name of Object.keys(one.manifest.dependencies ?? {})) {
      if (byName.has(name)) visit(byName.get(name))
    }
    sorted.add(one)
  }
  for (const one of found) visit(one)
  return [...sorted]
}

export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}
