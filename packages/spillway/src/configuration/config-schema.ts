import { BUDGET_CEILINGS, type ReadBudgets } from '@spillway/core'
import { isCorsOrigin } from '@spillway/server'
import { z } from 'zod'
import { s3Credentials, vendorSchema } from './vendors.js'

const s3 = {
  region: z.string().min(1).optional(),
  endpoint: z.url({ protocol: /^https?$/ }).optional(),
  publicEndpoint: z.url({ protocol: /^https?$/ }).optional(),
  pathStyle: z.boolean().optional(),
  credentials: s3Credentials.optional(),
}

const corsOrigin = z
  .string()
  .refine(isCorsOrigin, 'expected "*" or an origin such as https://app.example, without a path')

/** What reading one table may cost, see `ReadBudgets`. */
const limit = (key: keyof ReadBudgets) => z.int().min(1).max(BUDGET_CEILINGS[key]).optional()

const limits = z
  .strictObject({
    objectBytes: limit('objectBytes'),
    documentBytes: limit('documentBytes'),
    documentValues: limit('documentValues'),
    documentDepth: limit('documentDepth'),
    lineBytes: limit('lineBytes'),
    footerBytes: limit('footerBytes'),
    inflatedBytes: limit('inflatedBytes'),
    inflationRatio: limit('inflationRatio'),
    rows: limit('rows'),
    columns: limit('columns'),
  } satisfies Record<keyof ReadBudgets, unknown>)
  .prefault({})

const count = (most: number) => z.int().min(1).max(most)

/** What one party may take; names and defaults stand in docs/security.md. */
const limitsSchema = z.strictObject({
  connections: count(1_000_000).default(8192),
  connectionsPerAddress: count(1_000_000).default(2048),
  headerSeconds: count(3600).default(20),
  requestSeconds: count(3600).default(60),
  failedAuthentications: count(1_000_000).optional(),
  requestsPerRecipient: count(100_000).optional(),
  downloadsPerRecipient: count(1_000_000).optional(),
  bodyBytes: count(64 * 1024 ** 2).optional(),
  maxFilesPerPage: count(1_000_000).optional(),
  maxResults: count(100_000).optional(),
  planSeconds: count(3600).optional(),
  planCpuSeconds: count(3600).optional(),
  grantSeconds: count(3600).optional(),
  hints: count(100_000).optional(),
  hintCharacters: count(1024 ** 2).optional(),
  allHintsCharacters: count(16 * 1024 ** 2).optional(),
  hintNodes: count(1_000_000).optional(),
})

/** What stands in a configuration file. Shares and recipients are for `checkSharesConfig` of the server. */
export const configSchema = z.strictObject({
  server: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(8420),
      /** Where `/metrics` and `/healthz` are answered; nowhere unless given. Not for recipients. */
      admin: z
        .strictObject({
          host: z.string().min(1).default('127.0.0.1'),
          port: z.int().min(0).max(65_535),
        })
        .optional(),
      publicUrl: z.url({ protocol: /^https?$/ }).optional(),
      /** PEM files, for those without a proxy in front; read again when they change. */
      tls: z.strictObject({ certificate: z.string().min(1), key: z.string().min(1) }).optional(),
      secret: z.string().min(16).optional(),
      secretFile: z.string().min(1).optional(),
      /** In place of one: the first signs and seals, what any of them did is honoured. */
      secrets: z
        .array(z.union([z.string().min(16), z.strictObject({ file: z.string().min(1) })]))
        .min(1)
        .optional(),
      urlExpiresInSeconds: z.int().min(10).max(604_800).default(3600),
      freshnessSeconds: z.number().min(0).max(3600).default(1),
      /** How long answers under way may take to end once the server is told to stop. */
      graceSeconds: z.number().min(0).max(3600).default(20),
      /** Proxies in front, whose `X-Forwarded-For` is believed. */
      trustedProxies: z.array(z.union([z.ipv4(), z.ipv6()])).default([]),
      limits: limitsSchema.prefault({}),
      cors: z.strictObject({ origins: z.array(corsOrigin).min(1) }).optional(),
    })
    .prefault({}),
  storage: z
    .strictObject({
      s3: z.strictObject(s3).optional(),
      buckets: z.array(z.strictObject({ bucket: z.string().min(1), ...s3 })).default([]),
      vending: z.array(vendorSchema).default([]),
    })
    .prefault({}),
  duckdb: z
    .strictObject({
      threads: z.int().min(1).max(1024).optional(),
      memoryLimit: z
        .string()
        .regex(/^\d+(\.\d+)? ?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/, 'expected a size such as 2GB')
        .optional(),
    })
    .prefault({}),
  limits,
  staging: z
    .strictObject({ location: z.string().min(1), keepDays: z.number().positive().default(8) })
    .optional(),
  /** What is decoded of tables: how much of it is held, and where it outlives the process. */
  cache: z
    .strictObject({
      megabytes: z.number().positive().default(1024),
      folder: z.string().min(1).optional(),
      folderMegabytes: z.number().positive().default(4096),
    })
    .prefault({}),
  /** Where versions of models are kept by others, by names that models have them by. */
  registries: z
    .record(
      z.string().min(1),
      z.strictObject({
        kind: z.literal('mlflow'),
        url: z.url({ protocol: /^https?$/ }),
        token: z.string().min(1).optional(),
        tokenFile: z.string().min(1).optional(),
        username: z.string().min(1).optional(),
        password: z.string().optional(),
        /** Folders that models may lie below. */
        locations: z.array(z.string().min(1)).min(1),
        /** Whether recipients are told of runs and sources. */
        provenance: z.boolean().default(false),
      }),
    )
    .default({}),
  /** Where what outlives the process is kept: digests of files. */
  state: z.strictObject({ location: z.string().min(1) }).optional(),
  hashing: z.strictObject({ megabytesPerSecond: z.number().positive().default(200) }).prefault({}),
  shares: z.unknown().optional(),
  recipients: z.unknown().optional(),
})

export type ConfigDocument = z.output<typeof configSchema>
export type ServerSettings = ConfigDocument['server']
export type StorageSettings = ConfigDocument['storage']
