import type { ShareCatalog, SharedTable } from '@spillway/core'
import { checkedAssets } from './checked-assets.js'
import {
  checkMembers,
  isAbsent,
  isList,
  isNamed,
  isOneOf,
  isOptional,
  isText,
  pageOf,
  type Rules,
  wrong,
} from './checked-members.js'
import { checkedRecipient } from './checked-recipient.js'

/**
 * A catalog of others, whose answers are what they should be, or a fault: a rule that is no rule, or `historyShared` of
 * 'false', must not be one that lets everything through.
 */
export function checkedCatalog(catalog: ShareCatalog): ShareCatalog {
  return {
    async authenticate(token, signal) {
      const found: unknown = await catalog.authenticate(token, signal)
      return isAbsent(found) ? undefined : checkedRecipient(found, 'catalog.authenticate')
    },
    // What says neither is no yes.
    ...(catalog.isKnown !== undefined && {
      isKnown: async (recipient, signal) => (await catalog.isKnown?.(recipient, signal)) === true,
    }),
    async listShares(recipient, page, signal) {
      return pageOf(await catalog.listShares(recipient, page, signal), 'listShares')
    },
    async share(recipient, name, signal) {
      const found = await catalog.share(recipient, name, signal)
      if (isAbsent(found)) return undefined
      return isNamed(found) ? found : wrong('share', 'a share with a name')
    },
    async listSchemas(recipient, share, page, signal) {
      const found = await catalog.listSchemas(recipient, share, page, signal)
      return isAbsent(found) ? undefined : pageOf(found, 'listSchemas')
    },
    async listTables(recipient, scope, page, signal) {
      const found = await catalog.listTables(recipient, scope, page, signal)
      if (isAbsent(found)) return undefined
      for (const table of pageOf(found, 'listTables').items) checkTable(table)
      return found
    },
    async table(recipient, name, signal) {
      const found = await catalog.table(recipient, name, signal)
      if (isAbsent(found)) return undefined
      // The same object: whoever asks again tells by it that nothing has changed.
      checkTable(found)
      return found
    },
    ...(catalog.assets !== undefined && { assets: checkedAssets(catalog.assets) }),
  }
}

const isPredicate = (value: unknown) =>
  typeof value === 'object' && value !== null && isText(Reflect.get(value, 'kind'))
const isMove = (value: unknown) => {
  const { from, to } = (value ?? {}) as Readonly<Record<string, unknown>>
  return typeof from === 'string' && typeof to === 'string'
}

const TABLE: Rules = {
  share: [isText, 'a text'],
  schema: [isText, 'a text'],
  name: [isText, 'a text'],
  id: [isText, 'a text'],
  shareId: [isOptional(isText), 'a text, or absent'],
  historyShared: [isOneOf(true, false), 'true or false'],
  startVersion: [isOptional(value => typeof value === 'bigint'), 'a bigint, or absent'],
  accessModes: [isOptional(isList(isOneOf('url', 'dir'))), 'a list of url and dir, or absent'],
  grant: [isOptional(isPredicate), 'a predicate, or absent'],
}

const SOURCE: Rules = {
  location: [isText, 'a text'],
  format: [isOptional(isText), 'a text, or absent'],
  metadataFile: [isOptional(isText), 'a text, or absent'],
  rebase: [isOptional(isList(isMove)), 'a list of from and to, or absent'],
  auxiliaryLocations: [isOptional(isList(isText)), 'a list of texts, or absent'],
  view: [
    isOptional(isOneOf('snapshot', 'read-optimized')),
    'snapshot or read-optimized, or absent',
  ],
  redactDropped: [isOptional(isOneOf('rewrite', 'refuse')), 'rewrite or refuse, or absent'],
}

function checkTable(found: unknown): asserts found is SharedTable {
  checkMembers(found, TABLE, { question: 'table', expected: 'a table' })
  const source = { question: 'table', expected: 'a source with a location', above: 'source.' }
  checkMembers(Reflect.get(found, 'source'), SOURCE, source)
}
