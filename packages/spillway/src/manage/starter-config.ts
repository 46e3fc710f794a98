/** A configuration that shares nothing and explains itself. Its files lie beside it. */
export function starterConfig({
  secret,
  schema,
}: {
  readonly secret: string
  readonly schema: string
}): string {
  return `# yaml-language-server: $schema=./${schema}
# What \`spillway serve\` shares, and with whom. A running server takes changes up by itself.
# \`spillway config check\` says what is wrong. Paths are relative to this file.

server:
  host: 127.0.0.1                 # this machine alone; 0.0.0.0 is reached from others
  port: 8420
  # publicUrl: https://share.example  # where recipients reach it, when that is not host:port
  secretFile: ${secret}   # signs URLs of local files; replicas share it. Keep it out of version control
  # urlExpiresInSeconds: 3600     # how long a signed URL is good
  # admin: { host: 127.0.0.1, port: 9420 }  # /metrics and /healthz; not for recipients

# Tables in S3, or in a store that speaks its language. Without keys the machine's own credentials are used.
# storage:
#   s3: { region: eu-central-1 }
#   buckets:
#     - { bucket: partner-data, endpoint: 'https://minio.example', pathStyle: true }

# Where exact Parquet is written for recipients that cannot apply deletes themselves.
# staging:
#   location: staging
#   keepDays: 8

# \`spillway share add LOCATION --name lake.sales.orders\` looks what lies there and adds it here:
#   - name: lake
#     schemas:
#       - name: sales
#         tables:
#           - name: orders
#             location: /data/orders      # or s3://bucket/path
#             history: true               # older versions and changes, too
#         # with --kind volume, model, skill or skill-folder:
#         volumes: [{ name: handbook, location: /data/handbook }]
#         models: [{ name: churn, versions: [{ version: 1, location: /data/churn/1, aliases: [champion] }] }]
shares: []

# \`spillway token add partner --share lake\` adds a recipient, and writes the profile to hand over:
#   - name: partner
#     shares: [lake]                # or '*' for all of them
#     tokens:
#       - sha256: …                 # of the token, which stands in the profile alone
recipients: []
`
}
