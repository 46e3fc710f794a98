#!/usr/bin/env node
import { readdirSync, readFileSync } from 'node:fs'
// Checks what a release would be made of, without a network or a base branch: that the configuration and every changeset
// can be read, name packages of this workspace that are published, and give all of those one version.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import getReleasePlan from '@changesets/get-release-plan'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

const problems = []
const published = readdirSync(join(root, 'packages'))
  .map(name => JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')))
  .filter(manifest => !manifest.private)

const versions = new Set(published.map(manifest => manifest.version))
if (versions.size > 1) problems.push(`published packages have versions ${[...versions].join(', ')}`)

let changesets = []
try {
  const plan = await getReleasePlan(root)
  changesets = plan.changesets
  for (const changeset of changesets) checkNames(changeset)
  checkReleases(plan.releases.filter(release => release.type !== 'none'))
} catch (error) {
  problems.push(error.message)
}

function checkNames({ id, releases }) {
  for (const { name } of releases) {
    const isPublished = published.some(manifest => manifest.name === name)
    if (!isPublished) problems.push(`${id} names ${name}, which is private`)
  }
}

/** Published packages depend on each other exactly: a release is one of all of them. */
function checkReleases(releases) {
  const released = new Set(releases.map(release => release.name))
  for (const { name } of released.size > 0 ? published : []) {
    if (!released.has(name)) problems.push(`${name} is left out of the next release: see "fixed"`)
  }
}

for (const problem of problems) console.error(`changesets: ${problem}`)
console.log(`${changesets.length} changesets checked, ${problems.length} problems`)
process.exit(problems.length === 0 ? 0 : 1)
