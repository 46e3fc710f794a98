import type { Readable, Writable } from 'node:stream'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import type { ServedSkills } from '@spillway/core'
import { type McpServerInfo, skillsServer } from './skills-server.js'

export interface StdioOptions extends McpServerInfo {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly onError?: ((error: Error) => void) | undefined
}

/** Serves skills to the one program that started this process, until it closes its end or `signal` is aborted. */
export async function serveSkillsOverStdio(
  skills: ServedSkills,
  { stdin, stdout, onError, ...info }: StdioOptions,
  signal: AbortSignal,
): Promise<void> {
  const transport = new StdioServerTransport(stdin, stdout)
  const closed = new Promise<void>(resolve => {
    stdin.once('close', resolve)
    stdin.once('end', resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  const handle = serveStdio(() => skillsServer(skills, info), {
    transport,
    maxSubscriptions: 1,
    ...(onError && { onerror: onError }),
  })
  if (!signal.aborted) await closed
  await handle.close()
}
