import { timingSafeEqual } from 'node:crypto'
import {
  type FooterEdit,
  parsedUrl,
  type SigningOptions,
  TableError,
  throwIfCancelled,
  type UrlSigner,
} from '@spillway/core'
import { encodePath } from '../signing/encode-path.js'
import { signInTurns } from '../signing/sign-in-turns.js'
import { type GatewayTarget, refuse, serveFile } from './gateway-response.js'
import {
  fences,
  foldersOf,
  hmac,
  type Located,
  locate,
  pathOf,
  type Root,
  rootsOf,
} from './gateway-roots.js'
import { type ViewFooter, Views } from './viewed-file.js'

export interface LocalGatewayOptions {
  /** Folders whose files may be signed and served; nothing outside them ever is. */
  readonly roots: readonly string[]
  /**
   * At least 16 bytes. Whoever holds it can sign; URLs outlive a restart with the same one. Of several the first signs, and
   * URLs of all are honoured, while a secret is replaced.
   */
  readonly secret: Secret | readonly Secret[]
  /** Where recipients find what is mounted on `handle`: `https://share.example/files`. */
  readonly baseUrl: string
  /** Epoch milliseconds, against which URLs expire. */
  readonly clock?: () => number
  /** Makes another Parquet footer of a file's own; with it, files can be signed and served under such. */
  readonly viewFooter?: ViewFooter
}

export interface LocalGateway {
  readonly signer: UrlSigner
  /** Answers a request for a signed URL; has no port of its own. A body holds its file open until it is read to its end or cancelled. */
  handle(request: Request, options?: HandleOptions): Promise<Response>
}

interface HandleOptions {
  /** Whether what a URL was signed for holds still; undefined of one that was signed for nobody. */
  readonly isCurrent?: (audience: string | undefined) => boolean | Promise<boolean>
  /** Told which file a URL names, once its signature was found to be ours. */
  readonly onFile?: (path: string) => void
  readonly onError?: ((error: unknown) => void) | undefined
}

type Secret = string | Uint8Array

/**
 * The query key that delta-kernel takes as the sign of a pre-signed URL; under any other name it would look for the
 * file on the recipient's own disk.
 */
const SIGNATURE = 'X-Amz-Signature'
const EXPIRES = 'expires'
const VIEW = 'view'
const AUDIENCE = 'for'
/** Which folders links may lead to. */
const WITHIN = 'in'

/** Signed, expiring URLs for local files, and the handler that honours them. */
export function localGateway(options: LocalGatewayOptions): LocalGateway {
  const secrets = secretsOf(options.secret)
  const baseUrl = checkedBase(options.baseUrl)
  const clock = options.clock ?? Date.now
  const bySecret = secrets.map(secret => rootsOf(options.roots, secret))
  const known = bySecret.flat()
  const views = options.viewFooter && new Views(options.viewFooter)
  return {
    signer: gatewaySigner(bySecret[0]!, { baseUrl, views: views !== undefined }),
    async handle(request, { isCurrent, onFile, onError } = {}) {
      const verified = verify(request, { roots: known, now: clock() })
      if (verified instanceof Response) return verified
      const { target, audience } = verified
      onFile?.(target.path)
      if (isCurrent !== undefined && !(await isCurrent(audience))) {
        return refuse(403, 'PERMISSION_DENIED', 'this file is no longer shared by this URL')
      }
      return serveFile(request, target, {
        views,
        onError,
      })
    },
  }
}

function secretsOf(given: LocalGatewayOptions['secret']): readonly Buffer[] {
  const list = typeof given === 'string' || given instanceof Uint8Array ? [given] : given
  const secrets = list.map(each => Buffer.from(each as Uint8Array))
  if (secrets.length === 0 || secrets.some(({ length }) => length < 16)) {
    throw new TableError('INVALID_REQUEST', 'the secret of a gateway needs at least 16 bytes')
  }
  return secrets
}

function checkedBase(baseUrl: string): string {
  const url = parsedUrl(baseUrl)
  const sound = url !== undefined && /^https?:$/.test(url.protocol) && url.search + url.hash === ''
  if (sound) return baseUrl.replace(/\/+$/, '')
  throw new TableError('INVALID_REQUEST', `a gateway is reached by an http(s) URL, not ${baseUrl}`)
}

function gatewaySigner(
  roots: readonly Root[],
  { baseUrl, views }: { readonly baseUrl: string; readonly views: boolean },
): UrlSigner {
  const signer = ({ now, expiresInSeconds, audience: named, within }: SigningOptions) => {
    const fenceOf = within === undefined ? () => undefined : fences(roots, within)
    const expires = Math.floor(now / 1000) + Math.floor(expiresInSeconds)
    const audience = named === undefined ? undefined : Buffer.from(named).toString('base64url')
    const forWhom = audience === undefined ? '' : `&${AUDIENCE}=${audience}`
    const signPath = (path: string, view?: string) => {
      const located = locate(roots, path) ?? uncovered(path)
      const { root, key } = located
      const fence = fenceOf(located)
      const text = signedText(located, { expires: String(expires), view, audience, fence })
      const shown =
        (fence === undefined ? '' : `&${WITHIN}=${fence}`) +
        (view === undefined ? '' : `&${VIEW}=${view}`)
      const signature = hmac(root.secret, text).toString('hex')
      const query = `${EXPIRES}=${expires}${shown}${forWhom}&${SIGNATURE}=${signature}`
      return `${baseUrl}/${root.id}/${encodePath(key)}?${query}`
    }
    return { expires, signPath }
  }
  return {
    covers: path => locate(roots, path) !== undefined,
    async sign(paths, options) {
      const { expires, signPath } = signer(options)
      const urls = await signInTurns(paths, path => signPath(path), options.signal)
      return { urls, expiresAt: expires * 1000 }
    },
    ...(views && {
      async signViews(files, options) {
        throwIfCancelled(options.signal)
        const { expires, signPath } = signer(options)
        const urls = files.map(({ path, edits }) => signPath(path, viewText(edits)))
        return { urls, expiresAt: expires * 1000 }
      },
    }),
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
  readonly now: number
}

interface Verified {
  readonly target: GatewayTarget
  readonly audience: string | undefined
}

/** Everything is checked from the URL alone, before the disk is touched: a refusal tells nothing about files. */
function verify(request: Request, { roots, now }: Verification): Verified | Response {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return refuse(405, 'INVALID_REQUEST', 'files answer GET and HEAD')
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
  const audience = onlyValue(url, AUDIENCE)
  const fence = onlyValue(url, WITHIN)
  if (!isBase64Url(view) || !isBase64Url(audience) || !isFence(fence)) {
    return refuse(403, 'PERMISSION_DENIED', 'the signature of this URL does not match')
  }
  const text = signedText(name, { expires, view, audience, fence })
  if (!isEqual(signature, hmac(root.secret, text))) {
    return refuse(403, 'PERMISSION_DENIED', 'the signature of this URL does not match')
  }
  if (!(now < Number(expires) * 1000)) {
    return refuse(403, 'PERMISSION_DENIED', 'this URL has expired: ask for the table again')
  }
  return {
    target: {
      folders: foldersOf(name, fence, roots),
      path: pathOf(root, key),
      ...(view !== undefined && { edits: editsOf(view) }),
    },
    audience: audience === undefined ? undefined : Buffer.from(audience, 'base64url').toString(),
  }
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

function isBase64Url(value: string | undefined): boolean {
  return value === undefined || /^[A-Za-z0-9_-]*$/.test(value)
}

function isFence(value: string | undefined): boolean {
  return value === undefined || /^\d+(?:,[0-9a-f]+)*$/.test(value)
}

function onlyValue(url: URL, key: string): string | undefined {
  const values = url.searchParams.getAll(key)
  return values.length === 1 ? values[0] : undefined
}

/**
 * The id is hexadecimal, the time digits, view and audience base64url, the fence numbers and ids: no part can pass for
 * another.
 */
function signedText({ root, key }: Located, { expires, view, audience, fence }: Said): string {
  const head = view === undefined ? 'file' : `view ${view}`
  const forWhom = audience === undefined ? '' : ` for ${audience}`
  const within = fence === undefined ? '' : ` in ${fence}`
  return `${head}${forWhom}${within}\n${root.id}\n${expires}\n${key}`
}

/** What a URL says besides the name of its file. */
interface Said {
  readonly expires: string
  readonly view: string | undefined
  readonly audience: string | undefined
  readonly fence: string | undefined
}

function viewText(edits: readonly FooterEdit[]): string {
  return Buffer.from(JSON.stringify(edits)).toString('base64url')
}

/** Read after the signature was found to be ours. */
function editsOf(view: string): readonly FooterEdit[] {
  return JSON.parse(Buffer.from(view, 'base64url').toString()) as readonly FooterEdit[]
}

function isEqual(signature: string, expected: Buffer): boolean {
  if (!/^[0-9a-f]{64}$/.test(signature)) return false
  return timingSafeEqual(Buffer.from(signature, 'hex'), expected)
}
