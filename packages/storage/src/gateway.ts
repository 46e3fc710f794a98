import { createHmac, timingSafeEqual } from 'node:crypto'
import {
  type FooterEdit,
  isTableError,
  TableError,
  throwIfCancelled,
  type UrlSigner,
} from '@spillway/core'
import { encodePath } from './encode-path.js'
import { type GatewayTarget, refuse, serveFile } from './gateway-response.js'
import { diskPath, isInside } from './local-path.js'
import { signInTurns } from './sign-in-turns.js'

export interface LocalGatewayOptions {
  /** Folders whose files may be signed and served; nothing outside them ever is. */
  readonly roots: readonly string[]
  /** At least 16 bytes. Whoever holds it can sign; URLs outlive a restart with the same one. */
  readonly secret: string | Uint8Array
  /** Where recipients find what is mounted on `handle`: `https://share.example/files`. */
  readonly baseUrl: string
  /** Epoch milliseconds, against which URLs expire. */
  readonly clock?: () => number
  /** Makes another Parquet footer of a file's own; with it, files can be signed and served under such. */
  readonly viewFooter?: (footer: Uint8Array, edits: readonly FooterEdit[]) => Uint8Array
}

export interface LocalGateway {
  readonly signer: UrlSigner
  /** Answers a request for a signed URL; has no port of its own. */
  handle(request: Request): Promise<Response>
}

/**
 * The query key that delta-kernel takes as the sign of a pre-signed URL; under any other name it would look for the
 * file on the recipient's own disk.
 */
const SIGNATURE = 'X-Amz-Signature'
const EXPIRES = 'expires'
const VIEW = 'view'

interface Root {
  readonly id: string
  readonly folder: string
}

/** Signed, expiring URLs for local files, and the handler that honours them. */
export function localGateway(options: LocalGatewayOptions): LocalGateway {
  const secret = Buffer.from(options.secret)
  if (secret.length < 16) {
    throw new TableError('INVALID_REQUEST', 'the secret of a gateway needs at least 16 bytes')
  }
  const baseUrl = checkedBase(options.baseUrl)
  const clock = options.clock ?? Date.now
  // Longest first, so that a root within a root wins. An id tells nothing about its folder.
  const roots = options.roots
    .map(diskPath)
    .map(folder => ({ folder, id: hmac(secret, `root\n${folder}`).toString('hex').slice(0, 16) }))
    .sort((a, b) => b.folder.length - a.folder.length)
  return {
    signer: gatewaySigner(roots, secret, { baseUrl, views: options.viewFooter !== undefined }),
    async handle(request) {
      const target = verify(request, { roots, secret, now: clock() })
      return target instanceof Response ? target : await serveFile(request, target, options)
    },
  }
}

function checkedBase(baseUrl: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  const sound = url !== undefined && /^https?:$/.test(url.protocol) && url.search + url.hash === ''
  if (sound) return baseUrl.replace(/\/+$/, '')
  throw new TableError('INVALID_REQUEST', `a gateway is reached by an http(s) URL, not ${baseUrl}`)
}

function gatewaySigner(
  roots: readonly Root[],
  secret: Buffer,
  { baseUrl, views }: { readonly baseUrl: string; readonly views: boolean },
): UrlSigner {
  const signer = (now: number, expiresInSeconds: number) => {
    const expires = Math.floor(now / 1000) + Math.floor(expiresInSeconds)
    const signPath = (path: string, view?: string) => {
      const { root, key } = locate(roots, path) ?? uncovered(path)
      const text = signedText(root.id, key, { expires: String(expires), view })
      const shown = view === undefined ? '' : `&${VIEW}=${view}`
      const query = `${EXPIRES}=${expires}${shown}&${SIGNATURE}=${hmac(secret, text).toString('hex')}`
      return `${baseUrl}/${root.id}/${encodePath(key)}?${query}`
    }
    return { expires, signPath }
  }
  return {
    covers: path => locate(roots, path) !== undefined,
    async sign(paths, { expiresInSeconds, now, signal }) {
      const { expires, signPath } = signer(now, expiresInSeconds)
      const urls = await signInTurns(paths, path => signPath(path), signal)
      return { urls, expiresAt: expires * 1000 }
    },
    ...(views && {
      async signViews(files, { expiresInSeconds, now, signal }) {
        throwIfCancelled(signal)
        const { expires, signPath } = signer(now, expiresInSeconds)
        const urls = files.map(({ path, edits }) => signPath(path, viewText(edits)))
        return { urls, expiresAt: expires * 1000 }
      },
    }),
  }
}

/** A file as a URL names it: a root, and the raw path below it. */
interface Located {
  readonly root: Root
  readonly key: string
}

function locate(roots: readonly Root[], path: string): Located | undefined {
  const onDisk = diskPathIfLocal(path)
  if (onDisk === undefined) return undefined
  const root = roots.find(({ folder }) => onDisk !== folder && isInside(folder, onDisk))
  if (root === undefined) return undefined
  return { root, key: onDisk.slice(root.folder.length).replace(/^\//, '') }
}

function diskPathIfLocal(path: string): string | undefined {
  try {
    return diskPath(path)
  } catch (error) {
    if (isTableError(error)) return undefined
    throw error
  }
}

function uncovered(path: string): never {
  throw new TableError('STORAGE_UNAVAILABLE', 'the path lies outside the roots of the gateway', {
    context: { path },
    retryable: false,
  })
}

interface Verification {
  readonly roots: readonly Root[]
  readonly secret: Buffer
  readonly now: number
}

/** Everything is checked from the URL alone, before the disk is touched: a refusal tells nothing about files. */
function verify(request: Request, { roots, secret, now }: Verification): GatewayTarget | Response {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return refuse(405, 'INVALID_REQUEST', `files answer GET and HEAD, not ${request.method}`)
  }
  const url = new URL(request.url)
  const expires = onlyValue(url, EXPIRES) ?? ''
  const signature = onlyValue(url, SIGNATURE)
  const name = splitName(url.pathname, roots)
  if (!/^\d{1,12}$/.test(expires) || signature === undefined || name === undefined) {
    return refuse(403, 'PERMISSION_DENIED', 'this URL is not signed')
  }
  const { root, key } = name
  const view = onlyValue(url, VIEW)
  if (!isEqual(signature, hmac(secret, signedText(root.id, key, { expires, view })))) {
    return refuse(403, 'PERMISSION_DENIED', 'the signature of this URL does not match')
  }
  if (!(now < Number(expires) * 1000)) {
    return refuse(403, 'PERMISSION_DENIED', 'this URL has expired: ask for the table again')
  }
  const path = root.folder === '/' ? `/${key}` : `${root.folder}/${key}`
  return { folder: root.folder, path, ...(view !== undefined && { edits: editsOf(view) }) }
}

/**
 * Root and raw key of a URL's path; undefined when it cannot have been signed by us. What stands before the root's id
 * is where somebody mounted us, behind whatever proxies.
 */
function splitName(pathname: string, roots: readonly Root[]): Located | undefined {
  const names = pathname.split('/')
  for (let i = 0; i < names.length; i++) {
    const root = roots.find(({ id }) => id === names[i])
    if (root !== undefined) return decodeKey(root, names.slice(i + 1))
  }
  return undefined
}

/** What would leave the folder, or stand for another spelling of a name, was never signed. */
function decodeKey(root: Root, names: readonly string[]): Located | undefined {
  try {
    const raw = names.map(decodeURIComponent)
    const escapes = raw.some(n => n === '' || n === '.' || n === '..' || /[/\0]/.test(n))
    return escapes || raw.length === 0 ? undefined : { root, key: raw.join('/') }
  } catch {
    return undefined
  }
}

function onlyValue(url: URL, key: string): string | undefined {
  const values = url.searchParams.getAll(key)
  return values.length === 1 ? values[0] : undefined
}

/** The id is hexadecimal and the time digits, so no part can pass for another. */
function signedText(
  rootId: string,
  key: string,
  { expires, view }: { readonly expires: string; readonly view: string | undefined },
): string {
  const head = view === undefined ? 'file' : `view ${view}`
  return `${head}\n${rootId}\n${expires}\n${key}`
}

function viewText(edits: readonly FooterEdit[]): string {
  return Buffer.from(JSON.stringify(edits)).toString('base64url')
}

/** Read after the signature was found to be ours. */
function editsOf(view: string): readonly FooterEdit[] {
  return JSON.parse(Buffer.from(view, 'base64url').toString()) as readonly FooterEdit[]
}

function hmac(secret: Buffer, text: string): Buffer {
  return createHmac('sha256', secret).update(text).digest()
}

function isEqual(signature: string, expected: Buffer): boolean {
  if (!/^[0-9a-f]{64}$/.test(signature)) return false
  return timingSafeEqual(Buffer.from(signature, 'hex'), expected)
}
