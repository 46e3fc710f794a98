import { TableError } from '@spillway/core'
import { z } from 'zod'

const common = {
  endpoint: z.url({ protocol: /^https?$/ }),
  icebergEndpoint: z.url({ protocol: /^https?$/ }).optional(),
}

/** What fits into a header, and no line break that an editor left behind. */
const headerText = z.string().regex(/^[\x21-\x7e]+$/)

const bearer = z.object({
  ...common,
  shareCredentialsVersion: z.literal([1, 2]),
  type: z.literal('bearer_token').optional(),
  bearerToken: headerText,
  expirationTime: z.string().optional(),
})

const clientCredentials = z.object({
  ...common,
  shareCredentialsVersion: z.literal(2),
  type: z.literal('oauth_client_credentials'),
  tokenEndpoint: z.url({ protocol: /^https?$/ }),
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  scope: z.string().optional(),
  /** For whom the token is meant, where the token endpoint serves several; `resource` is what RFC 8707 calls it. */
  audience: z.string().min(1).optional(),
  resource: z.string().min(1).optional(),
})

const profile = z.union([clientCredentials, bearer])

/** What a provider gives a recipient: where the shares are and how to prove who asks. */
export type Profile = z.infer<typeof profile>

/**
 * A profile from the text of its file, or from an object. Unknown members are ignored: clients of other versions put
 * them there.
 */
export function parseProfile(given: string | object): Profile {
  const document = typeof given === 'string' ? parseDocument(given) : given
  const parsed = profile.safeParse(document)
  if (parsed.success) return parsed.data
  throw new TableError('INVALID_REQUEST', `the profile cannot be used: ${explain(document)}`)
}

function parseDocument(text: string): unknown {
  try {
    // Editors of one system begin files with a mark that JSON does not know.
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    throw new TableError('INVALID_REQUEST', 'the profile is not JSON')
  }
}

/** Never repeats what the file holds: it is a credential. */
function explain(document: unknown): string {
  const version = (document as { readonly shareCredentialsVersion?: unknown } | null)
    ?.shareCredentialsVersion
  if (version !== 1 && version !== 2) return 'shareCredentialsVersion must be 1 or 2'
  const kind = (document as { readonly type?: unknown }).type ?? 'bearer_token'
  if (kind !== 'bearer_token' && kind !== 'oauth_client_credentials')
    return 'type must be bearer_token or oauth_client_credentials'
  const expected = kind === 'oauth_client_credentials' ? clientCredentials : bearer
  const parsed = expected.safeParse(document)
  if (parsed.success) return 'type oauth_client_credentials needs shareCredentialsVersion 2'
  return parsed.error.issues
    .map(issue => `${issue.path.join('.')} is missing or invalid`)
    .join('; ')
}

/** A version 1 bearer profile: the only kind that every client reads. */
export function profileText(options: {
  readonly endpoint: string
  readonly bearerToken: string
  /** Epoch milliseconds. */
  readonly expiresAt?: number
  readonly icebergEndpoint?: string
}): string {
  const document = {
    shareCredentialsVersion: 1,
    endpoint: options.endpoint,
    bearerToken: options.bearerToken,
    ...(options.expiresAt !== undefined && {
      expirationTime: new Date(options.expiresAt).toISOString(),
    }),
    ...(options.icebergEndpoint !== undefined && { icebergEndpoint: options.icebergEndpoint }),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
