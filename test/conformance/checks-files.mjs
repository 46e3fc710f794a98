import { createHash } from 'node:crypto'
import { expect, expectRefusal, expectStatus } from './client.mjs'

/** Checks of our extensions, where the server says that it has them (`accessModes` with `url`). */
export const FILE_CHECKS = [
  [
    'files',
    'pages of files are of one listing, in order, and name it',
    async ({ client, folders }) => {
      for (const path of folders) {
        const whole = await client.json(`${path}/files`)
        const paths = whole.items.map(file => file.path)
        expect(
          paths.every(
            (each, i) =>
              i === 0 || Buffer.compare(Buffer.from(paths[i - 1]), Buffer.from(each)) < 0,
          ),
          'paths are not in byte order',
        )
        const paged = await client.all(`${path}/files?maxResults=1`)
        expect(
          JSON.stringify(paged) === JSON.stringify(whole.items.slice(0, paged.length)),
          'pages differ',
        )
        expect(typeof whole.snapshotId === 'string', 'there is no snapshotId')
      }
    },
  ],
  [
    'file-urls',
    'signed URLs give the bytes that are listed, of the etag that is listed',
    async ({ client, folders }) => {
      for (const path of folders) {
        const { items } = await client.json(`${path}/files?maxResults=3`)
        if (items.length === 0) continue
        const body = JSON.stringify({ paths: items.map(file => file.path), expiresInSeconds: 60 })
        const answer = await client.ask(`${path}/file-urls`, { method: 'POST', body })
        const signed = (await (await expectStatus(answer, 200)).json()).items
        expect(signed.length === items.length, 'not all are signed')
        for (const [i, { path: name, url, size, etag }] of signed.entries()) {
          expect(name === items[i].path, 'in another order')
          const got = await expectStatus(await fetch(url), 200)
          expect((await got.arrayBuffer()).byteLength === size, `the size of ${name}`)
          if (etag) expect(got.headers.get('etag') === etag, `the etag of ${name}`)
        }
      }
    },
  ],
  [
    'files',
    'digests and types are well spelled, and those that come with a URL are of its bytes',
    async ({ client, folders }) => {
      for (const path of folders) {
        const { items } = await client.json(`${path}/files?maxResults=3`)
        for (const { sha256, mediaType } of items) {
          expect(sha256 === undefined || /^[0-9a-f]{64}$/.test(sha256), `the digest ${sha256}`)
          expect(
            mediaType === undefined || /^[\w.+-]+\/[\w.+-]+$/.test(mediaType),
            `the type ${mediaType}`,
          )
        }
        if (items.length === 0) continue
        const body = JSON.stringify({ paths: items.map(file => file.path) })
        const answer = await client.ask(`${path}/file-urls`, { method: 'POST', body })
        for (const { path: name, url, sha256 } of (await answer.json()).items) {
          if (sha256 === undefined) continue
          const bytes = Buffer.from(await (await fetch(url)).arrayBuffer())
          expect(createHash('sha256').update(bytes).digest('hex') === sha256, `bytes of ${name}`)
        }
      }
    },
  ],
  [
    'file-mismatches',
    'that other bytes came is taken, of files of the folder alone, and changes no digest by itself',
    async ({ client, folders }) => {
      for (const path of folders) {
        const report = async (wrong, ...statuses) => {
          const mismatch = { path: 'no-such-file', sha256: '0'.repeat(64), ...wrong }
          const request = { method: 'POST', body: JSON.stringify(mismatch) }
          const response = await client.ask(`${path}/file-mismatches`, request)
          if (statuses.length > 0) return expectRefusal(response, ...statuses)
          return expectStatus(response, 202)
        }
        const before = await client.json(`${path}/files?maxResults=1`)
        await report({})
        for (const { path: name, etag } of before.items) await report({ path: name, etag })
        for (const wrong of [
          { path: '../x' },
          { path: '' },
          { sha256: 'x' },
          { sha256: undefined },
        ]) {
          await report(wrong, 400)
        }
        const after = await client.json(`${path}/files?maxResults=1`)
        // Those that are not made yet may be by now.
        for (const [i, { sha256 }] of before.items.entries()) {
          const isKept = sha256 === undefined || sha256 === after.items[i].sha256
          expect(isKept, 'a digest changed by what was said of it')
        }
      }
    },
  ],
  [
    '80.11',
    'a signed URL reads its file, and does nothing else to it',
    async ({ client, folders }) => {
      for (const path of folders) {
        const { items } = await client.json(`${path}/files?maxResults=1`)
        if (items.length === 0) continue
        const body = JSON.stringify({ paths: [items[0].path] })
        const answer = await client.ask(`${path}/file-urls`, { method: 'POST', body })
        const [{ url, size }] = (await answer.json()).items
        for (const method of ['PUT', 'POST', 'DELETE']) {
          const done = await fetch(url, { method, ...(method !== 'DELETE' && { body: 'other' }) })
          await done.body?.cancel()
          expect(done.status >= 400, `${method} of a signed URL is ${done.status}`)
        }
        const read = await expectStatus(await fetch(url), 200)
        expect((await read.arrayBuffer()).byteLength === size, 'the file is another by now')
      }
    },
  ],
  [
    'file-urls',
    'nothing outside the folder is signed',
    async ({ client, folders }) => {
      for (const path of folders) {
        for (const name of ['../x', '/etc/passwd', 'a/../../x', '', '.', 'no-such-file']) {
          const body = JSON.stringify({ paths: [name] })
          const response = await client.ask(`${path}/file-urls`, { method: 'POST', body })
          await expectRefusal(response, 400, 403, 404)
        }
      }
    },
  ],
  [
    'etag',
    'who has a listing already is answered 304, and who wants another 412',
    async ({ client, folders }) => {
      for (const path of folders) {
        const first = await client.ask(`${path}/files`)
        await first.body?.cancel()
        const etag = first.headers.get('etag')
        expect(etag, 'there is no etag')
        const again = await client.ask(`${path}/files`, { headers: { 'if-none-match': etag } })
        await expectStatus(again, 304)
        const wrong = await client.ask(`${path}/files`, { headers: { 'if-match': '"another"' } })
        await expectRefusal(wrong, 412)
      }
    },
  ],
]
