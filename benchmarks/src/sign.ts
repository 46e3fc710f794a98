import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { s3Signer } from '@spillway/storage/s3'
import type { Measured, Question } from './measure.js'

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret that opens nothing' }

function keys(count: number): readonly string[] {
  return Array.from(
    { length: count },
    (_, i) => `sales/day=2026-01-${(i % 28) + 1}/part-${i}.parquet`,
  )
}

async function signOurs(files: number): Promise<Measured> {
  const signer = s3Signer({ region: 'eu-west-1', credentials })
  const paths = keys(files).map(key => `s3://lake/${key}`)
  const sign = () => signer.sign(paths, { expiresInSeconds: 3600, now: Date.now() })
  await sign()
  const start = performance.now()
  const { urls } = await sign()
  return { ms: [performance.now() - start], facts: { urls: urls.length } }
}

async function signWithSdk(files: number): Promise<Measured> {
  const client = new S3Client({ region: 'eu-west-1', credentials })
  const sign = (key: string) =>
    getSignedUrl(client, new GetObjectCommand({ Bucket: 'lake', Key: key }), { expiresIn: 3600 })
  const all = keys(files)
  await Promise.all(all.slice(0, 100).map(sign))
  const start = performance.now()
  let urls = 0
  for (const key of all) if (await sign(key)) urls++
  return { ms: [performance.now() - start], facts: { urls } }
}

export const signQuestions: Readonly<Record<string, Question>> = {
  sign: signOurs,
  'sign@aws-sdk': signWithSdk,
}
