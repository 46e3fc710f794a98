#!/usr/bin/env node
// Packs every published package as it would be published. `npm run pack -- [FOLDER]`; the build comes before.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { browsableUrl, makeDocumentsWhole } from './packed-documents.mjs'
import { publishedPackages, readJson, root } from './published.mjs'
import { runProcess } from './run-process.mjs'

/** Of `dist`; see `bundle.mjs`, which removes what is no longer of it. */
const BUNDLE = 'bundle'

/**
 * Tarballs of all published packages in a folder, `{ name, version, path }` each behind those it depends on. Tarballs of
 * other versions of theirs that lie there are removed, so that `*.tgz` is one release.
 */
export function packAll(folder, of = root) {
  const into = resolve(folder)
  mkdirSync(into, { recursive: true })
  const { packageManager, repository } = readJson(join(of, 'package.json'))
  const packages = publishedPackages(of)
  const own = packages.map(({ name }) => tarballName(name))
  for (const name of readdirSync(into)) {
    const stem = name.match(/^(.+?)-\d+\.\d+\.\d+.*\.tgz$/)?.[1]
    if (own.includes(stem)) rmSync(join(into, name))
  }
  for (const one of packages)
    removeOrphans(join(one.folder, 'dist'), join(one.folder, 'src'), [BUNDLE])
  // Of what is left: a cache of builds puts files back, and removes none.
  runProcess(process.execPath, [join(of, 'scripts', 'packages', 'bundle.mjs')], { folder: of })
  const filters = packages.map(({ name }) => `--filter=${name}`)
  const args = ['--yes', packageManager, '-r', ...filters, 'pack', '--pack-destination', into]
  runProcess('npx', args, { folder: of })
  const packed = packages.map(({ name, version, manifest, folder: source }) => {
    const path = join(into, `${tarballName(name)}-${version}.tgz`)
    if (!existsSync(path)) throw new Error(`pnpm packed no ${path}`)
    return { name, version, path, manifest, folder: source }
  })
  makeDocumentsWhole(packed, { of, into, repositoryUrl: browsableUrl(repository) })
  return packed
}

function tarballName(name) {
  return name.replace('@', '').replace('/', '-')
}

/**
 * What the compiler wrote of files that have since been moved or deleted: it is in no build from a clean clone. `others` are folders that
 * it did not write.
 */
export function removeOrphans(dist, src, others = []) {
  for (const entry of existsSync(dist) ? readdirSync(dist, { withFileTypes: true }) : []) {
    const path = join(dist, entry.name)
    if (others.includes(entry.name)) continue
    if (entry.isDirectory()) {
      removeOrphans(path, join(src, entry.name))
      if (readdirSync(path).length === 0) rmSync(path, { recursive: true })
    } else {
      const source = entry.name.match(/^(.*?)(?:\.d\.ts|\.js)(?:\.map)?$/)?.[1]
      if (source !== undefined && !existsSync(join(src, `${source}.ts`))) rmSync(path)
    }
  }
}

function main() {
  const folder = process.argv[2] ?? join(root, '.cache', 'tarballs')
  for (const { path } of packAll(folder))
    console.log(relative(process.cwd(), path) || basename(path))
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) main()
