import type {
  AssetDescription,
  DescribedIndex,
  DescribedMlModel,
  DescribedSignature,
  DescribedSkill,
  DescribedWeights,
} from '@spillway/client'
import type { WritableJson } from '@spillway/core'
import { assetTexts } from './asset-texts.js'
import { parametersByType } from './tensor-counts.js'

type Json = { readonly [key: string]: WritableJson }

/** A description as data; its shape is in docs/cli.md. */
export function assetJson(
  description: AssetDescription,
  { tensors }: { readonly tensors: boolean },
): Json {
  const { name, found, files, bytes, digested, digest, snapshotId } = description
  const { mlModel, signature, skill } = description
  return {
    name,
    kind: found.kind,
    ...Object.fromEntries(assetTexts(found)),
    files,
    bytes,
    filesWithDigest: digested,
    digest,
    snapshotId,
    largest: description.largest.map(({ path, size }) => ({ path, size })),
    mlModel: mlModel && mlModelJson(mlModel),
    skill: skill && skillJson(skill),
    weights: description.weights.map(each => weightsJson(each, tensors)),
    indexes: description.indexes.map(indexJson),
    pickles: description.pickles.map(({ path, isCertain, reason }) => ({
      ...{ path, certain: isCertain, reason },
    })),
    signature: signature && signatureJson(signature),
    faults: description.faults.map(({ path, code, message }) => ({ path, code, message })),
    notLookedAt: description.notLookedAt,
  }
}

function mlModelJson({ path, model, unsafe }: DescribedMlModel): Json {
  const { flavors, signature, ...facts } = model
  return {
    path,
    ...facts,
    flavors,
    signature: signature && { ...signature },
    unsafe: unsafe.map(({ flavor, reason }) => ({ flavor, reason })),
  }
}

function skillJson({ path, skill, warnings, resources }: DescribedSkill): Json {
  return {
    path,
    frontMatter: skill.frontMatter,
    warnings: warnings.map(({ field, message }) => ({ field, message })),
    resources: resources.map(each => ({ path: each.path, size: each.size })),
  }
}

function weightsJson({ path, size, header }: DescribedWeights, tensors: boolean): Json {
  return {
    path,
    size,
    tensorCount: header.tensors.length,
    parameters: header.parameters,
    parametersByType: Object.fromEntries(parametersByType(header)),
    metadata: header.metadata,
    tensors: tensors
      ? header.tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape: [...shape] }))
      : undefined,
  }
}

function indexJson({ faults, ...facts }: DescribedIndex): Json {
  return { ...facts, faults: [...faults] }
}

function signatureJson({
  ignorePaths,
  unsigned,
  missing,
  different,
  ...facts
}: DescribedSignature): Json {
  return {
    ...facts,
    verified: false,
    ignorePaths: [...ignorePaths],
    unsigned: [...unsigned],
    missing: [...missing],
    different: [...different],
  }
}
