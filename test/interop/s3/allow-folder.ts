import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3'
import { sessionPolicy } from '@spillway/storage/s3'
import type { S3Server } from './server.js'

const run = promisify(execFile)

/** An account of the server's own, allowed what a session of ours would be. */
export async function allowFolder(
  s3: S3Server,
  user: { readonly accessKeyId: string; readonly secretAccessKey: string },
  location: string,
): Promise<void> {
  const { endpoint, region, accessKeyId, secretAccessKey } = s3
  const here = dirname(fileURLToPath(import.meta.url))
  const binary = join(here, '../../../.cache/versitygw/v1.8.0/versitygw')
  const names = ['--access', user.accessKeyId, '--secret', user.secretAccessKey, '--role', 'user']
  await run(binary, ['admin', 'create-user', ...names], {
    env: {
      ADMIN_ACCESS_KEY: accessKeyId,
      ADMIN_SECRET_KEY: secretAccessKey,
      ADMIN_ENDPOINT_URL: endpoint,
      ADMIN_REGION: region,
    },
  })
  const { Version, Statement } = sessionPolicy(location, { region, listing: true })
  const policy = {
    Version,
    Statement: Statement.map(each => ({ ...each, Principal: { AWS: [user.accessKeyId] } })),
  }
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  })
  await client.send(
    new PutBucketPolicyCommand({ Bucket: new URL(location).host, Policy: JSON.stringify(policy) }),
  )
  client.destroy()
}
