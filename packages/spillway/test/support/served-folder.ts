import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { nodeListener } from '@spillway/server/node'
import { createSharingServer, parseConfig } from '../../src/index.js'

const TOKEN = 'a-token-of-the-recipient'

export interface ServedFolder {
  /** Path of a profile that opens `lake.kb`: a model `churn`, a volume `docs`, a skill `pdf`, each of the folder of its name. */
  readonly profile: string
  close(): Promise<void>
}

/** A server of folders below `folder`, over a real socket. */
export async function serveFolders(folder: string): Promise<ServedFolder> {
  const http = createServer()
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  const publicUrl = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const sharing = createSharingServer({
    config: parseConfig(configText(folder), { folder, path: 'spillway.yaml' }),
    publicUrl,
  })
  http.on('request', nodeListener(sharing))
  const profile = join(folder, 'me.share')
  const credentials = { shareCredentialsVersion: 1, bearerToken: TOKEN }
  writeFileSync(profile, JSON.stringify({ ...credentials, endpoint: `${publicUrl}/delta-sharing` }))
  return {
    profile,
    async close() {
      http.closeAllConnections()
      await new Promise(resolve => http.close(resolve))
      await sharing.close()
    },
  }
}

/** Writes files, by path below `folder`. */
export function putFiles(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
}

function configText(folder: string): string {
  const at = (name: string) => JSON.stringify(join(folder, name))
  return `
shares:
  - name: lake
    schemas:
      - name: kb
        volumes: [{ name: docs, location: ${at('docs')} }]
        models: [{ name: churn, versions: [{ version: 1, location: ${at('churn')} }] }]
        skills: [{ name: pdf, location: ${at('pdf')} }]
recipients:
  - { name: me, shares: [lake], tokens: [{ sha256: ${createHash('sha256').update(TOKEN).digest('hex')} }] }
`
}
