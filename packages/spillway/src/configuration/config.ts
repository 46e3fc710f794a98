import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { TableError } from '@spillway/core'
import type { ConfigProblem, SharesConfig } from '@spillway/server'
import { parseConfigText } from '../problems/config-text.js'
import {
  configError,
  type PlacedProblem,
  placedProblems,
  toldProblems,
} from '../problems/placed-problems.js'
import type { ServerSettings } from './config-schema.js'
import { examineDocument, located, type ServeConfig } from './examine-document.js'

export type { ServeConfig } from './examine-document.js'

/** A configuration file, and all that is wrong with it. */
export interface ExaminedConfig {
  /** Absent where something is wrong. */
  readonly config?: ServeConfig
  /** In the order of the file. */
  readonly problems: readonly PlacedProblem[]
}

/** Reads and checks a configuration file; what is wrong is said with its place. */
export async function loadConfig(path: string): Promise<ServeConfig> {
  const { config, problems } = await examineConfigFile(path)
  if (config === undefined) throw configError(path, problems)
  return config
}

/** The same, with the mistakes as data. Throws only where the file itself cannot be read. */
export async function examineConfigFile(path: string): Promise<ExaminedConfig> {
  const text = await readConfigText(path)
  const { config, problems } = examineConfig(text, dirname(resolve(path)))
  if (config === undefined) return { problems }
  const read = await readSecrets(config.server, dirname(path))
  if (read.problems.length === 0) return { config: { ...config, secrets: read.secrets }, problems }
  return { problems: placedProblems(parseConfigText(text), read.problems) }
}

/** The text of a configuration file; says of one that cannot be read what was found in its place. */
export async function readConfigText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const message = UNREADABLE[code ?? ''] ?? `the configuration file cannot be read: ${code}`
    throw new TableError('INVALID_REQUEST', message.replace('PATH', path), {
      context: { path },
      cause,
    })
  }
}

const MISSING =
  'there is no configuration file PATH: `spillway init` writes one, --config names another'

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: MISSING,
  ENOTDIR: MISSING,
  EISDIR: 'expected a configuration file, found the folder PATH: name a file in it',
  EACCES: 'the configuration file PATH cannot be read by this user: run this as its owner',
}

interface ReadSecrets {
  readonly secrets: readonly string[]
  readonly problems: readonly ConfigProblem[]
}

/** Secrets in the order of the file, those in files of their own among them. */
async function readSecrets(server: ServerSettings, folder: string): Promise<ReadSecrets> {
  const { secret, secretFile, secrets: listed = [] } = server
  const read = await Promise.all(
    secretFiles(server).map(async ({ file, path }) => ({
      file,
      path,
      ...(await readSecret(folder, file)),
    })),
  )
  const problems = read.flatMap(({ path, reason }) =>
    reason === undefined
      ? []
      : [{ path: ['server', ...path], at: 'value' as const, message: reason }],
  )
  const textOf = (file: string) => read.find(each => each.file === file)?.secret ?? ''
  const first = secretFile === undefined ? secret : textOf(secretFile)
  const others = listed.map(each => (typeof each === 'string' ? each : textOf(each.file)))
  return { secrets: [...(first === undefined ? [] : [first]), ...others], problems }
}

function secretFiles({ secretFile, secrets = [] }: ServerSettings) {
  return [
    ...(secretFile === undefined ? [] : [{ file: secretFile, path: ['secretFile'] }]),
    ...secrets.flatMap((each, i) =>
      typeof each === 'string' ? [] : [{ file: each.file, path: ['secrets', i, 'file'] }],
    ),
  ]
}

async function readSecret(
  folder: string,
  file: string,
): Promise<{ readonly secret?: string; readonly reason?: string }> {
  try {
    const secret = (await readFile(resolve(folder, file), 'utf8')).trim()
    if (secret.length >= 16) return { secret }
    return { reason: 'the secret in this file needs at least 16 characters' }
  } catch (cause) {
    return { reason: `the file cannot be read: ${(cause as NodeJS.ErrnoException).code}` }
  }
}

/**
 * Checks the text of a configuration; locations in it are relative to `folder`. Secrets that stand in files of their own are for
 * `loadConfig`, which reads them: without them every replica would sign with another.
 */
export function parseConfig(text: string, { folder, path }: ConfigPlace): ServeConfig {
  const { config, problems } = examineConfig(text, folder)
  if (config === undefined) throw configError(path, problems)
  const unread = secretFiles(config.server).map(file => ({
    path: ['server', ...file.path],
    at: 'value' as const,
    message: 'secrets in files are read by loadConfig alone: expected server.secret or secrets',
  }))
  if (unread.length === 0) return config
  throw configError(path, placedProblems(parseConfigText(text), unread))
}

interface ConfigPlace {
  readonly folder: string
  /** What refusals begin with. */
  readonly path: string
}

/** The same, with all mistakes as data. */
export function examineConfig(text: string, folder: string): ExaminedConfig {
  const parsed = parseConfigText(text)
  if (parsed.problems.length > 0) {
    return { problems: parsed.problems.map(problem => ({ ...problem, path: '' })) }
  }
  const { config, problems } = examineDocument(parsed.value ?? {}, folder)
  return config === undefined
    ? { problems: placedProblems(parsed, problems) }
    : { config, problems: [] }
}

/** The same of a document that a program made. `path` is what refusals begin with. */
export function configOf(
  document: object,
  { folder, path }: { readonly folder: string; readonly path: string },
): ServeConfig {
  const { config, problems } = examineDocument(document, folder)
  if (config === undefined) throw configError(path, toldProblems(problems))
  return config
}

/** Every path of shares that a program made absolute; throws where one is none. */
export function locatedShares(shares: SharesConfig, folder: string): SharesConfig {
  const placed = located(shares, folder)
  if (placed.problems.length > 0) throw configError('shares', toldProblems(placed.problems))
  return placed.shares
}
