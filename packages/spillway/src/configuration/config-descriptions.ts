/** What editors say of a key; the README of this package says it at length. */
export const DESCRIPTIONS: Readonly<Record<string, string>> = {
  server: 'Where recipients reach the server, and what it may cost.',
  'server.host':
    'Address that is listened on. The default, 127.0.0.1, is reached from this machine alone.',
  'server.port': 'Port that is listened on; 0 takes a free one.',
  'server.publicUrl':
    'Where recipients reach the server, when that is not host:port: https://share.example',
  'server.admin': 'A second listener for /metrics, /healthz and /signed. Not for recipients.',
  'server.tls':
    'Certificate and key (PEM files, relative to this one), for those without a proxy in front. Read again when they change.',
  'server.tls.certificate': 'PEM file of the certificate and those that lead to its issuer.',
  'server.tls.key': 'PEM file of its private key.',
  'server.secret':
    'Signs URLs of local files and seals page tokens, at least 16 characters. Prefer secretFile.',
  'server.secretFile': 'File that holds the secret, relative to this one. Replicas share it.',
  'server.secrets':
    'In place of one: the first signs and seals, all of them are honoured. For replacing a secret.',
  'server.urlExpiresInSeconds': 'How long a signed URL is good, in seconds.',
  'server.freshnessSeconds':
    'How old what is known of a table may be, in seconds, before its log is looked at again.',
  'server.graceSeconds':
    'How long answers under way may take once the server is told to stop, in seconds.',
  'server.trustedProxies': 'Addresses of proxies in front, whose X-Forwarded-For is believed.',
  'server.limits': 'What one party may take; docs/security.md has names and defaults.',
  'server.cors': 'Pages in browsers that may read the answers; none by default.',
  storage: 'How object stores are reached.',
  'storage.s3':
    'Buckets without an entry of their own. Empty ({}) takes region and credentials of the machine.',
  'storage.s3.region': 'Region of the buckets.',
  'storage.s3.endpoint': 'URL of an S3-compatible store.',
  'storage.s3.publicEndpoint': 'URL of the store as recipients reach it, when that is another.',
  'storage.s3.pathStyle': 'true where the bucket is in the path of URLs and not in their host.',
  'storage.s3.credentials':
    'Keys; the default credential chain of the machine where they are absent.',
  'storage.buckets': 'Buckets with a region, endpoint or credentials of their own.',
  'storage.vending':
    'Who gives credentials for tables with accessModes: [url, dir]; the first that covers a table does.',
  duckdb: 'What rewriting files into staging may use.',
  limits: 'What reading one table may cost; a refusal names the key that raises it.',
  staging: 'Where exact Parquet is written for recipients that cannot apply deletes themselves.',
  'staging.location': 'A folder, or s3://bucket/path, that nothing else is kept in.',
  'staging.keepDays': 'After how many days a staged file is deleted.',
  cache: 'What is decoded of the logs and manifests of tables.',
  'cache.megabytes': 'How much of it is held in memory.',
  'cache.folder':
    'A folder of this machine for it, outside of all that is shared: a restart begins warm. None by default.',
  'cache.folderMegabytes': 'How much the folder may take; what was used least recently goes first.',
  registries: 'Model registries, by names of your choice; models name one in place of versions.',
  state: 'Where what outlives the process is kept, such as digests of the files of assets.',
  'state.location':
    'A folder, or s3://bucket/path, that nothing else is kept in. Replicas may share it.',
  hashing: 'How digests of files are made, for assets with digests: true.',
  'hashing.megabytesPerSecond': 'How much is read for it, on the average.',
  shares: 'What is shared: shares of schemas of tables. `spillway share add LOCATION` adds one.',
  'shares.name': 'Name of the share; recipients see it.',
  'shares.schemas.name': 'Name of the schema, without dots.',
  'shares.schemas.volumes': 'Folders of files, shared as they are.',
  'shares.schemas.volumes.name': 'Name of the volume, without dots.',
  'shares.schemas.volumes.location': 'A folder, relative to this file, or s3://bucket/path.',
  'shares.schemas.volumes.accessModes':
    'How recipients reach the files: url (signed URLs, the default) and dir (credentials for the folder).',
  'shares.schemas.volumes.digests':
    'true makes SHA-256 of every file in the background; it needs state.location.',
  'shares.schemas.skills': 'Folders with a SKILL.md, for agents.',
  'shares.schemas.skills.name': 'Name of the skill, which is that of its folder.',
  'shares.schemas.skills.public':
    'true lets anybody read the skill, without a token, by the well-known index.',
  'shares.schemas.skillFolders':
    'Folders of skills: each folder in them with a SKILL.md is a skill, what comes later too.',
  'shares.schemas.skillFolders.location': 'A folder, relative to this file, or s3://bucket/path.',
  'shares.schemas.skillFolders.digests':
    'true makes SHA-256 of every file of its skills in the background; it needs state.location.',
  'shares.schemas.models': 'Models, each version a folder.',
  'shares.schemas.models.name': 'Name of the model, without dots.',
  'shares.schemas.models.registry': 'In place of versions: a name under registries.',
  'shares.schemas.models.registeredName':
    'What the registry calls the model, when it is called otherwise here.',
  'shares.schemas.models.versions.version': 'Number of the version, from 1.',
  'shares.schemas.models.versions.location':
    'A folder, relative to this file, or s3://bucket/path.',
  'shares.schemas.models.versions.aliases': 'Names that may move to another version.',
  'shares.schemas.models.versions.status': 'Only what is READY is shared.',
  'shares.schemas.tables.name': 'Name of the table, without dots.',
  'shares.schemas.tables.location': 'A folder, relative to this file, or s3://bucket/path.',
  'shares.schemas.tables.format': 'Found by looking, where it is absent.',
  'shares.schemas.tables.history': 'true shares older versions and changes too.',
  'shares.schemas.tables.startVersion': 'The first version that is shared, with history.',
  'shares.schemas.tables.partitions':
    "SQL over partition columns: only partitions for which it holds are shared, such as country = 'DE'.",
  'shares.schemas.tables.accessModes':
    'How recipients reach the files: url (signed URLs) and dir (credentials for the folder).',
  'shares.schemas.tables.auxiliaryLocations':
    'Where else files of the table may lie: shallow clones, imported files.',
  'shares.schemas.tables.rebase':
    'Paths that begin with `from` are read under `to`: for tables that were moved.',
  'shares.schemas.tables.metadataFile':
    'Iceberg metadata file, instead of the newest that is found.',
  'shares.schemas.tables.view': 'Of Hudi: read-optimized leaves log files out.',
  'shares.schemas.tables.redactDropped':
    'What is done with files that still hold columns which were dropped.',
  'shares.schemas.tables.warm':
    'true reads the footers of the files before the first recipient asks.',
  recipients: 'Who is shared with. `spillway token add NAME` adds one, with a token.',
  'recipients.name': 'Name of the recipient, for you and the log.',
  'recipients.shares': "Names of the shares that are granted; '*' is all of them.",
  'recipients.tokens': 'Hashes of tokens, made by `spillway token add`.',
  'recipients.tokens.sha256':
    'SHA-256 of the token, as 64 hexadecimal digits. Never the token itself.',
  'recipients.tokens.label': 'What the token is for, in your words.',
  'recipients.tokens.createdAt': 'When it was made.',
  'recipients.tokens.expiresAt': 'When it ends; never, where it is absent.',
}
