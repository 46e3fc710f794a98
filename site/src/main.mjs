#!/usr/bin/env node
// Builds the site into site/dist, and fails where a link, an anchor or a resource is wrong. `--dev` serves it on loopback,
// as it is written. SITE_BASE is the path that it will be served at.
import { rmSync, watch } from 'node:fs'
import { join } from 'node:path'
import { build, createServer } from 'vitepress'
import { problemsOfSite } from './check-site.mjs'
import { commandPage } from './command-pages.mjs'
import { writePackagePages } from './package-pages.mjs'
import { pagesFolder, pagesOfRepository, repository, site } from './pages.mjs'
import { stageDocument, stageDocuments, writePage } from './stage.mjs'

const base = process.env.SITE_BASE ?? '/'
const repositoryUrl = process.env.SITE_REPOSITORY_URL
const port = Number(process.env.SITE_PORT ?? 5173)

async function stage() {
  rmSync(pagesFolder, { recursive: true, force: true })
  const problems = stageDocuments({ repositoryUrl })
  writePage('reference/command.md', await commandPage())
  await writePackagePages()
  return problems
}

async function buildSite() {
  const problems = await stage()
  await build(site)
  problems.push(...problemsOfSite(join(site, 'dist'), base))
  for (const problem of problems) console.error(`docs: ${problem}`)
  console.log(`${pagesOfRepository().size} documents, ${problems.length} problems`)
  if (problems.length > 0) process.exitCode = 1
}

/** Serves the pages as they are written: a document that is saved is seen at once. */
async function serveWhileWritten() {
  for (const problem of await stage()) console.error(`docs: ${problem}`)
  for (const folder of ['docs', 'packages', 'examples', 'deploy', 'site']) {
    watch(join(repository, folder), { recursive: folder === 'docs' }, (_event, name) => {
      const pages = pagesOfRepository()
      const source = `${folder}/${name}`
      if (!pages.has(source)) return
      for (const problem of stageDocument(source, pages, repositoryUrl))
        console.error(`docs: ${problem}`)
    })
  }
  const server = await createServer(site, { host: '127.0.0.1', port })
  await server.listen()
  server.printUrls()
}

if (process.argv.includes('--dev')) await serveWhileWritten()
else await buildSite()
