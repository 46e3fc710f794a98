// What must be in order before anything is published.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from './published.mjs'

/** Where `.ci/run` writes the tree that it has passed for. */
export const PASSED = join('.cache', 'ci-passed')

/** What is the case in a clone, asked of git, its files and the registry. */
export function factsOf(clone, packages, environment = process.env) {
  const git = (...args) => spawnSync('git', args, { cwd: clone, encoding: 'utf8' }).stdout.trim()
  const versions = [...new Set(packages.map(({ version }) => version))]
  const changelog = join(clone, 'packages', 'spillway', 'CHANGELOG.md')
  const passed = join(clone, PASSED)
  return {
    changed: lines(git('status', '--porcelain')),
    branch: git('rev-parse', '--abbrev-ref', 'HEAD'),
    pushed: git('branch', '--remotes', '--contains', 'HEAD') !== '',
    changesets: readdirSync(join(clone, '.changeset')).filter(isChangeset),
    versions,
    noted:
      existsSync(changelog) && lines(readFileSync(changelog, 'utf8')).includes(`## ${versions[0]}`),
    repository: readJson(join(clone, 'package.json')).repository?.url,
    tree: git('rev-parse', 'HEAD^{tree}'),
    passedTree: existsSync(passed) ? readFileSync(passed, 'utf8').trim() : undefined,
    canProve: environment.ACTIONS_ID_TOKEN_REQUEST_URL !== undefined,
  }
}

/** Why these facts forbid to publish, each with what to do. */
export function refusals(facts) {
  const found = []
  const refuse = (is, why) => is && found.push(why)
  refuse(
    facts.changed.length > 0,
    `the working tree is not clean (${facts.changed.length} files): commit or remove them`,
  )
  refuse(facts.branch !== 'main', `the branch is ${facts.branch}, not main`)
  refuse(!facts.pushed, 'no remote has this commit: provenance names it, so push it first')
  refuse(
    facts.changesets.length > 0,
    `${facts.changesets.join(', ')} are in no version: npm run changeset -- version, and commit`,
  )
  refuse(facts.versions.length !== 1, `packages have versions ${facts.versions.join(', ')}`)
  refuse(
    !facts.noted,
    `packages/spillway/CHANGELOG.md has no "## ${facts.versions[0]}": npm run changeset -- version`,
  )
  refuse(
    !facts.repository,
    'the root package.json names no "repository": provenance is bound to it',
  )
  refuse(facts.passedTree !== facts.tree, `.ci/run has not passed for this tree (${PASSED})`)
  refuse(!facts.canProve, 'provenance is made in CI alone (an id token of the workflow is missing)')
  return found
}

function isChangeset(name) {
  return name.endsWith('.md') && name !== 'README.md'
}

/** Whether a release that was stopped has published this one; throws where the registry does not say. */
export function isInRegistry({ name, version }, environment = process.env) {
  const view = ['view', `${name}@${version}`, 'version', '--json']
  const { stdout } = spawnSync('npm', view, { encoding: 'utf8', env: environment })
  const said = stdout.trim() === '' ? undefined : JSON.parse(stdout)
  // npm answers a version that a known package does not have with nothing at all.
  if (said === undefined || said.error?.code === 'E404') return false
  if (said === version) return true
  throw new Error(`npm view ${name}@${version}: ${said.error?.summary ?? stdout.trim()}`)
}

function lines(text) {
  return text.split('\n').filter(line => line !== '')
}
