import type { CredentialVendor } from '@spillway/core'
import { parseUri, sameFolder } from '@spillway/storage'
import type { S3Credentials, S3CredentialVendorOptions } from '@spillway/storage/s3'
import { z } from 'zod'
import { omitUndefined } from './omit-undefined.js'

/** Keys of one S3 account, as people write them into a configuration. */
export const s3Credentials = z.strictObject({
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  sessionToken: z.string().min(1).optional(),
})

const session = {
  /** The buckets whose tables it opens; absent means any. */
  buckets: z.array(z.string().min(1)).min(1).optional(),
  region: z.string().min(1).optional(),
  stsEndpoint: z.url({ protocol: /^https?$/ }).optional(),
  /** Absent: the machine's own. */
  credentials: s3Credentials.optional(),
  maxSessionSeconds: z.int().min(900).max(43_200).optional(),
  sessionName: z
    .string()
    .regex(/^[\w+=,.@-]{2,32}$/, 'must have 2 to 32 letters, digits or +=,.@-_')
    .optional(),
}

const roleArn = z
  .string()
  .regex(/^arn:[\w-]+:iam::\d{12}:role\/.+$/, 'must be the ARN of an IAM role')

/** How recipients get credentials for tables that are shared by `dir` access. */
export const vendorSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('assume-role'),
    roleArn,
    externalId: z.string().min(2).max(1224).optional(),
    ...session,
  }),
  z.strictObject({ kind: z.literal('federation-token'), ...session }),
  z.strictObject({
    kind: z.literal('static'),
    /** The folder that the keys open, and nothing else: the provider's word. */
    location: z.string().regex(/^s3[an]?:\/\/[^/]+/, 'must be a folder of an S3 bucket'),
    credentials: s3Credentials.extend({ expiresAt: z.iso.datetime({ offset: true }).optional() }),
  }),
])

export type VendorSettings = z.output<typeof vendorSchema>

/** The vendors of a configuration, in its order; a cloud's SDK is loaded when the first credentials are asked for. */
export function credentialVendors(
  settings: readonly VendorSettings[],
): readonly CredentialVendor[] {
  return settings.map(each => {
    if (each.kind === 'static')
      return lazyVendor(
        at => sameFolder(at, each.location),
        () => fixed(each),
      )
    return lazyVendor(coversBuckets(each.buckets), () => sessions(each))
  })
}

function lazyVendor(
  covers: CredentialVendor['covers'],
  load: () => Promise<CredentialVendor>,
): CredentialVendor {
  let loading: Promise<CredentialVendor> | undefined
  return {
    covers,
    async vend(location, options) {
      loading ??= load()
      return (await loading).vend(location, options)
    },
  }
}

function coversBuckets(buckets: readonly string[] | undefined): CredentialVendor['covers'] {
  return location => {
    const { scheme, authority } = parseUri(location)
    return scheme === 's3' && (buckets?.includes(authority) ?? true)
  }
}

type Settings<Kind> = Extract<VendorSettings, { readonly kind: Kind }>

async function sessions(
  settings: Settings<'assume-role' | 'federation-token'>,
): Promise<CredentialVendor> {
  const { s3CredentialVendor } = await import('@spillway/storage/s3')
  const { kind: _, ...given } = settings
  return s3CredentialVendor(omitUndefined<S3CredentialVendorOptions>(given))
}

async function fixed({ location, credentials }: Settings<'static'>): Promise<CredentialVendor> {
  const { scopedCredentialVendor } = await import('@spillway/storage/s3')
  const { expiresAt, ...keys } = credentials
  const expiration = expiresAt === undefined ? {} : { expiration: new Date(expiresAt) }
  return scopedCredentialVendor([
    { location, credentials: { ...omitUndefined<S3Credentials>(keys), ...expiration } },
  ])
}
