import type { AssetCatalog, Page } from '@spillway/core'
import {
  checkMembers,
  isAbsent,
  isList,
  isOneOf,
  isOptional,
  isText,
  pageOf,
  type Rules,
} from './checked-members.js'

/** What a catalog of others answers of assets, or a fault: a folder that is none must not be another's. */
export function checkedAssets(assets: AssetCatalog): AssetCatalog {
  return {
    listVolumes: async (recipient, scope, page, signal) =>
      checkedPage(await assets.listVolumes(recipient, scope, page, signal), {
        question: 'listVolumes',
        rules: FOLDER,
      }),
    volume: async (recipient, name, signal) =>
      checked(await assets.volume(recipient, name, signal), { question: 'volume', rules: FOLDER }),
    listSkills: async (recipient, scope, page, signal) =>
      checkedPage(await assets.listSkills(recipient, scope, page, signal), {
        question: 'listSkills',
        rules: SKILL,
      }),
    skill: async (recipient, name, signal) =>
      checked(await assets.skill(recipient, name, signal), { question: 'skill', rules: SKILL }),
    ...checkedPublic(assets),
    listModels: async (recipient, scope, page, signal) =>
      checkedPage(await assets.listModels(recipient, scope, page, signal), {
        question: 'listModels',
        rules: ASSET,
      }),
    model: async (recipient, name, signal) =>
      checked(await assets.model(recipient, name, signal), { question: 'model', rules: ASSET }),
    async listModelVersions(recipient, name, page, signal) {
      const found = await assets.listModelVersions(recipient, name, page, signal)
      if (isAbsent(found)) return undefined
      const of = { question: 'listModelVersions', rules: VERSION }
      pageOf(found, of.question, item => checked(item, of) !== undefined)
      return found
    },
    modelVersion: async (recipient, name, version, signal) =>
      checked(await assets.modelVersion(recipient, name, version, signal), {
        question: 'modelVersion',
        rules: VERSION,
      }),
  }
}

/** What says nothing of strangers shares nothing with them. */
function checkedPublic({
  listPublicSkills: list,
  publicSkill: one,
}: AssetCatalog): Pick<AssetCatalog, 'listPublicSkills' | 'publicSkill'> {
  return {
    ...(list && {
      async listPublicSkills(page, signal) {
        const of = { question: 'listPublicSkills', rules: SKILL }
        return checkedPage(await list(page, signal), of) ?? { items: [] }
      },
    }),
    ...(one && {
      publicSkill: async (name, signal) =>
        checked(await one(name, signal), { question: 'publicSkill', rules: SKILL }),
    }),
  }
}

interface Checking {
  readonly question: string
  readonly rules: Rules
}

function checkedPage<Item extends object>(
  found: Page<Item> | undefined,
  { question, rules }: Checking,
): Page<Item> | undefined {
  if (isAbsent(found)) return undefined
  for (const item of pageOf(found, question).items) checked(item, { question, rules })
  return found
}

function checked<Found extends object>(
  found: Found | undefined,
  { question, rules }: Checking,
): Found | undefined {
  if (isAbsent(found)) return undefined
  checkMembers(found, rules, { question, expected: 'an object' })
  return found
}

const isVersion = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0

const ASSET: Rules = {
  share: [isText, 'a text'],
  schema: [isText, 'a text'],
  name: [isText, 'a text'],
  id: [isText, 'a text'],
  shareId: [isOptional(isText), 'a text, or absent'],
  accessModes: [isOptional(isList(isOneOf('url', 'dir'))), 'a list of url and dir, or absent'],
}

const FOLDER: Rules = { ...ASSET, location: [isText, 'a text'] }

const SKILL: Rules = { ...FOLDER, within: [isOptional(isText), 'a text, or absent'] }

const VERSION: Rules = {
  version: [isVersion, 'a whole number from 1'],
  status: [
    isOneOf('READY', 'PENDING_REGISTRATION', 'FAILED_REGISTRATION'),
    'READY, PENDING_REGISTRATION or FAILED_REGISTRATION',
  ],
  // Of a version that is not ready nobody asks for a folder.
  location: [value => typeof value === 'string', 'a text'],
  aliases: [isOptional(isList(isText)), 'a list of texts, or absent'],
}
