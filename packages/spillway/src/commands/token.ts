import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { TableError, writeJson } from '@spillway/core'
import { profileText } from '@spillway/protocol'
import { tokenHash } from '@spillway/server'
import { type Document, isMap, isSeq, parseDocument, type YAMLMap } from 'yaml'
import { layoutOf, parseConfig } from '../serve/config.js'
import { styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'

export interface TokenOptions {
  readonly config: string
  readonly endpoint?: string | undefined
  readonly share?: readonly string[]
  readonly expires?: string
  readonly out?: string
  readonly json?: boolean
}

/**
 * `spillway token RECIPIENT`: makes a token, writes its hash into the configuration and the token into a profile file
 * for the recipient, the only place where it is ever written.
 */
export async function tokenCommand(
  recipient: string,
  options: TokenOptions,
  terminal: Terminal,
): Promise<void> {
  const path = resolve(terminal.folder, options.config)
  const text = await readFile(path, 'utf8')
  const context = { folder: terminal.folder, path }
  const endpoint = options.endpoint ?? endpointOf(text, context)
  const token = randomBytes(32).toString('base64url')
  const expiresAt = options.expires === undefined ? undefined : expiry(options.expires, Date.now())
  const document = parseDocument(text)
  addToken(document, recipient, {
    sha256: tokenHash(token).toString('hex'),
    ...(expiresAt && { expiresAt }),
    shares: options.share ?? [],
  })
  const changed = document.toString(layoutOf(text))
  // Refused before anything is written, so that the file never holds what the server would not load.
  parseConfig(changed, context)
  const out = resolve(
    terminal.folder,
    options.out ?? `${recipient.replace(/[^\w.-]+/g, '-')}.share`,
  )
  const profile = profileText({
    endpoint,
    bearerToken: token,
    ...(expiresAt && { expiresAt: Date.parse(expiresAt) }),
  })
  await writeFile(out, profile, { mode: 0o600, flag: 'wx' }).catch(cause => {
    throw notWritten(out, cause)
  })
  await writeFile(path, changed)
  await report({ recipient, endpoint, out, path, expiresAt }, options, terminal)
}

/** A profile is never written over: it may be the only place of a token that is in use. */
function notWritten(out: string, cause: NodeJS.ErrnoException): TableError {
  const reason =
    cause.code === 'EEXIST'
      ? `${out} is there already, with a token that may be in use: name another file with --out`
      : `the profile cannot be written to ${out}: ${cause.message}`
  return new TableError('INVALID_REQUEST', reason, { context: { path: out }, cause })
}

function endpointOf(
  text: string,
  context: { readonly folder: string; readonly path: string },
): string {
  const { server } = parseConfig(text, context)
  return `${server.publicUrl?.replace(/\/+$/, '') ?? `${server.tls ? 'https' : 'http'}://${server.host}:${server.port}`}/delta-sharing`
}

/** `90d`, `12h`, or a moment in ISO 8601. */
function expiry(text: string, now: number): string {
  const match = /^(\d{1,5})([dh])$/.exec(text)
  const at =
    match === null
      ? Date.parse(text)
      : now + Number(match[1]) * (match[2] === 'd' ? 86_400_000 : 3_600_000)
  if (Number.isFinite(at) && at > now) return new Date(at).toISOString()
  throw new TableError(
    'INVALID_REQUEST',
    `--expires expects 90d, 12h or a coming moment in ISO 8601, found ${text}`,
  )
}

interface NewToken {
  readonly sha256: string
  readonly expiresAt?: string
  readonly shares: readonly string[]
}

/** Edits the document itself: comments and order stay as their author left them. */
function addToken(document: Document, name: string, { shares, ...token }: NewToken): void {
  if (!isSeq(document.get('recipients'))) document.set('recipients', document.createNode([]))
  const recipients = document.get('recipients')
  if (!isSeq(recipients)) throw new TableError('INVALID_REQUEST', 'recipients is not a list')
  const known = recipients.items.find(
    (item): item is YAMLMap =>
      isMap(item) && String(item.get('name')).toLowerCase() === name.toLowerCase(),
  )
  if (known === undefined) {
    recipients.add(document.createNode({ name, tokens: [token], shares: [...shares] }))
    return
  }
  addAll(document, known, 'tokens', [token])
  addAll(document, known, 'shares', withoutKnown(known.get('shares'), shares))
}

function withoutKnown(list: unknown, names: readonly string[]): readonly string[] {
  const known = isSeq(list) ? list.items.map(each => String(each).toLowerCase()) : []
  return names.filter(name => !known.includes(name.toLowerCase()))
}

function addAll(document: Document, map: YAMLMap, key: string, values: readonly unknown[]): void {
  if (values.length === 0) return
  if (!isSeq(map.get(key))) map.set(key, document.createNode([]))
  const list = map.get(key)
  if (isSeq(list)) for (const value of values) list.add(document.createNode(value))
}

async function report(
  made: {
    readonly recipient: string
    readonly endpoint: string
    readonly out: string
    readonly path: string
    readonly expiresAt: string | undefined
  },
  { json }: TokenOptions,
  terminal: Terminal,
): Promise<void> {
  const { recipient, endpoint, out, path, expiresAt } = made
  if (json) {
    const facts = { recipient, endpoint, profile: out, config: path, expiresAt: expiresAt ?? null }
    await writeLine(terminal.stdout, writeJson(facts))
    return
  }
  const style = styleFor(terminal.stdout, terminal.environment)
  await writeLine(
    terminal.stdout,
    `${style.green('✓')} ${style.bold(out)} is the profile for ${recipient}: hand it over once, over a safe channel`,
  )
  await writeLine(
    terminal.stdout,
    `  ${path} now holds the token's hash; a running server takes it up by itself`,
  )
  if (expiresAt !== undefined) await writeLine(terminal.stdout, `  it expires at ${expiresAt}`)
}
