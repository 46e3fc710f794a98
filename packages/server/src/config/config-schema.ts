import { z } from 'zod'

// 255 characters; no space, slash or control character: PROTOCOL.md, "Name". Shares may hold dots, the rest not.
const shareName = z
  .string()
  .regex(
    /^[^ /\p{Cc}]{1,255}$/u,
    'expected a name of at most 255 characters without spaces and slashes',
  )
  // URLs with such a segment, encoded or not, are of another path for every client.
  .refine(
    value => value !== '.' && value !== '..',
    'expected a name that a URL can hold: . and .. are steps in a path',
  )
const name = z
  .string()
  .regex(
    /^[^ /.\p{Cc}]{1,255}$/u,
    'expected a name of at most 255 characters without dots, spaces and slashes',
  )

const accessModes = z
  .array(z.enum(['url', 'dir']))
  .min(1)
  .optional()

const table = z.strictObject({
  name,
  location: z.string().min(1),
  id: z.string().min(1).optional(),
  format: z.enum(['delta', 'iceberg', 'hudi', 'parquet']).optional(),
  metadataFile: z.string().min(1).optional(),
  auxiliaryLocations: z.array(z.string().min(1)).optional(),
  rebase: z.array(z.strictObject({ from: z.string(), to: z.string() })).optional(),
  view: z.enum(['snapshot', 'read-optimized']).optional(),
  /** Files that still hold columns which were dropped. */
  redactDropped: z.enum(['rewrite', 'refuse']).optional(),
  /** Whoever runs the server reads the footers of the files before the first recipient asks. */
  warm: z.boolean().optional(),
  history: z.boolean().default(false),
  startVersion: z.int().nonnegative().optional(),
  /** SQL over partition columns: only the partitions for which it holds are shared. */
  partitions: z.string().min(1).optional(),
  accessModes,
})

/** Whether SHA-256 of its files is made and told. */
const digests = z.boolean().default(false)

/** A folder of files, shared as they are. */
const volume = z.strictObject({
  name,
  location: z.string().min(1),
  id: z.string().min(1).optional(),
  accessModes,
  digests,
})

// OpenSharing's AGENT_SKILLS.md: a skill is called as its folder is, by those who make it.
const skill = z.strictObject({
  name: z
    .string()
    .regex(
      /^(?=.{1,64}$)[a-z0-9]+(?:-[a-z0-9]+)*$/,
      'expected a name of at most 64 lower-case letters, digits and single hyphens, as agentskills.io has it',
    ),
  location: z.string().min(1),
  id: z.string().min(1).optional(),
  accessModes,
  digests,
  /** Anybody may read it, without a token. */
  public: z.boolean().default(false),
})

/** Each folder in it that is a skill, by its name; what comes later too. */
const skillFolder = z.strictObject({
  location: z.string().min(1),
  accessModes,
  digests,
})

const modelVersion = z.strictObject({
  version: z.int().positive(),
  location: z.string().min(1),
  id: z.string().min(1).optional(),
  /** Only what is READY is shared: a version may stand here before its files are complete. */
  status: z.enum(['PENDING_REGISTRATION', 'FAILED_REGISTRATION', 'READY']).default('READY'),
  /** Names of the version that may move to another. */
  aliases: z
    .array(
      z
        .string()
        .regex(
          /^(?!v?\d+$)[A-Za-z0-9_-]{1,255}$/i,
          'expected an alias of letters, digits, _ and -, and no number',
        ),
    )
    .optional(),
  comment: z.string().max(65_536).optional(),
  source: z.string().min(1).optional(),
  runId: z.string().min(1).optional(),
})

const model = z.strictObject({
  name,
  id: z.string().min(1).optional(),
  comment: z.string().max(65_536).optional(),
  versions: z.array(modelVersion).default([]),
  /** In place of versions: the name of a registry of the configuration, which has them. */
  registry: z.string().min(1).optional(),
  /** What the registry calls the model; absent, as it is called here. */
  registeredName: z.string().min(1).optional(),
  accessModes,
  digests,
})

const schema = z.strictObject({
  name,
  tables: z.array(table).default([]),
  volumes: z.array(volume).default([]),
  models: z.array(model).default([]),
  skills: z.array(skill).default([]),
  skillFolders: z.array(skillFolder).default([]),
})

const share = z.strictObject({
  name: shareName,
  id: z.string().min(1).optional(),
  displayName: z.string().max(255).optional(),
  comment: z.string().max(65_536).optional(),
  properties: z.record(z.string().max(255), z.string().max(1000)).optional(),
  schemas: z.array(schema).default([]),
})

const instant = z.union([z.iso.datetime({ offset: true }), z.date()])

const token = z.strictObject({
  /** Hex SHA-256 of the bearer token: the token itself is never written down. */
  sha256: z
    .string()
    .regex(
      /^[0-9a-fA-F]{64}$/,
      'expected 64 hexadecimal digits, the SHA-256 of a token and never the token itself',
    ),
  /** What it is for: for people alone. */
  label: z.string().min(1).max(255).optional(),
  /** For people alone. */
  createdAt: instant.optional(),
  expiresAt: instant.optional(),
})

const recipient = z.strictObject({
  name: z.string().min(1).max(255),
  id: z.string().min(1).optional(),
  tokens: z.array(token).default([]),
  /** Names of shares, or '*' for all of them. */
  shares: z.array(z.string()).default([]),
})

export const sharesSchema = z.strictObject({
  shares: z.array(share).default([]),
  recipients: z.array(recipient).default([]),
})

/** What a provider writes down about shares and recipients. */
export type SharesConfig = z.input<typeof sharesSchema>
export type CheckedConfig = z.output<typeof sharesSchema>
