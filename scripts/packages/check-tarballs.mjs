// What may be wrong with a tarball before anybody installs it.
import { problemsOfBundle } from './check-bundle.mjs'
import { unheldNamesOf } from './names-of-files.mjs'
import { deadLinksOf } from './packed-documents.mjs'
import { readTarball } from './read-tarball.mjs'

/** What never leaves the clone: state of the compiler, tests, fixtures, settings of this machine. */
const PRIVATE =
  /(^|\/)(\.[^/]+|test|tests|fixtures|node_modules|tsconfig[^/]*\.json)(\/|$)|\.test\.|\.tsbuildinfo$/
/** The command in few files; see `bundle.mjs`. */
const BUNDLE = 'dist/bundle/'
const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/

/** Problems of one tarball, as sentences. `machine`: texts that only this machine would write, such as the clone's path. */
export function problemsOfTarball(path, { repository, machine = [] } = {}) {
  const files = readTarball(path)
  const manifest = JSON.parse(String(files.get('package.json')))
  const problems = [
    ...filesOf(files, manifest, machine),
    ...deadLinksOf(files),
    ...unheldNamesOf(files),
    ...entriesOf(files, manifest),
    ...dependenciesOf(manifest),
    ...bundleOf(files, manifest),
    ...fieldsOf(manifest, repository),
  ]
  return problems.map(problem => `${manifest.name}: ${problem}`)
}

function* filesOf(files, { files: listed = [] }, machine) {
  for (const name of ['README.md', 'LICENSE']) if (!files.has(name)) yield `has no ${name}`
  for (const [name, content] of files) {
    // The demo's tables are laid out as their writers do it, with hidden files.
    if (PRIVATE.test(name) && !name.startsWith('sample/'))
      yield `has ${name}, which is not for users`
    const top = name.split('/')[0]
    if (name.includes('/') && !listed.includes(top))
      yield `has ${name}, which "files" does not list`
    const source = /^dist\/(?!bundle\/)(.*)\.js$/.exec(name)?.[1]
    if (source !== undefined) {
      for (const pair of [`src/${source}.ts`, `dist/${source}.d.ts`]) {
        if (!files.has(pair)) yield `has ${name}, but no ${pair}`
      }
    }
    for (const text of machine) if (content.includes(text)) yield `${name} says ${text}`
  }
}

function* entriesOf(files, manifest) {
  for (const [entry, conditions] of Object.entries(manifest.exports ?? {})) {
    if (typeof conditions === 'string') {
      if (!files.has(conditions.slice(2)))
        yield `exports "${entry}" names ${conditions}, which is not there`
      continue
    }
    for (const [condition, target] of Object.entries(conditions)) {
      if (!files.has(target.slice(2)))
        yield `exports "${entry}" (${condition}) names ${target}, which is not there`
    }
    if (Object.keys(conditions).at(-1) !== 'default')
      yield `exports "${entry}" does not end with "default"`
  }
  if (manifest.exports === undefined) yield 'has no "exports"'
  for (const [command, target] of Object.entries(manifest.bin ?? {})) {
    const program = files.get(target.replace(/^\.\//, ''))
    if (!program?.toString('utf8').startsWith('#!/usr/bin/env node\n')) {
      yield `the command ${command} (${target}) does not begin with #!/usr/bin/env node`
    }
  }
}

function* dependenciesOf({ version, dependencies = {}, ...manifest }) {
  for (const [name, wanted] of Object.entries(dependencies)) {
    const isOurs = name === 'spillway' || name.startsWith('@spillway/')
    if (isOurs && wanted !== version) yield `depends on ${name}@${wanted}, not on ${version}`
    if (!EXACT.test(wanted)) yield `depends on ${name}@${wanted}, which is no exact version`
  }
  if (JSON.stringify(manifest).includes('"workspace:')) yield 'still says "workspace:"'
}

function bundleOf(files, { dependencies = {} }) {
  const inBundle = [...files].filter(([name]) => name.startsWith(BUNDLE))
  if (inBundle.length === 0) return []
  const texts = inBundle.map(([name, bytes]) => [name.slice(BUNDLE.length), bytes.toString('utf8')])
  return problemsOfBundle({
    code: new Map(texts.filter(([name]) => name.endsWith('.js'))),
    thirdParty: new Map(texts).get('THIRD-PARTY.txt') ?? '',
    dependencies,
  })
}

function* fieldsOf(manifest, repository) {
  if (manifest.license !== 'Apache-2.0') yield `"license" is ${manifest.license}`
  if (manifest.type !== 'module') yield `"type" is ${manifest.type}`
  if (manifest.engines?.node === undefined) yield 'has no "engines.node"'
  if (manifest.sideEffects === undefined) yield 'has no "sideEffects"'
  if (!manifest.description) yield 'has no "description"'
  const { access, provenance } = manifest.publishConfig ?? {}
  if (access !== 'public' || provenance !== true) {
    yield '"publishConfig" is not { "access": "public", "provenance": true }'
  }
  if (repository && manifest.repository?.url !== repository.url) {
    yield `"repository.url" is not ${repository.url}, as the root's package.json says`
  }
}
