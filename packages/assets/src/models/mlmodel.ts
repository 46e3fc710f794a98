import { corrupt, isJsonObject, type JsonObject, type JsonValue } from '@spillway/core'
import { readYaml, type YamlLimits } from '../documents/bounded-yaml.js'
import { readStrictJson } from '../documents/strict-json.js'
import { quotedName } from '../paths/path-fault.js'
import { pickleByName } from './pickle.js'

/** A model of MLflow, as its `MLmodel` says. What the file does not state is undefined. */
export interface MlModel {
  /** By the name of each flavor, what its loader needs. */
  readonly flavors: Readonly<Record<string, JsonObject>>
  readonly signature?: MlSignature | undefined
  readonly modelUuid?: string | undefined
  readonly modelId?: string | undefined
  /** Of the provider's own tracking server. */
  readonly runId?: string | undefined
  readonly artifactPath?: string | undefined
  readonly mlflowVersion?: string | undefined
  readonly utcTimeCreated?: string | undefined
  readonly modelSizeBytes?: number | undefined
  readonly isSignatureFromTypeHint?: boolean | undefined
  readonly metadata?: JsonValue | undefined
  readonly savedInputExampleInfo?: JsonValue | undefined
  readonly resources?: JsonValue | undefined
  readonly authPolicy?: JsonValue | undefined
  /** Names, not values. */
  readonly envVars?: JsonValue | undefined
}

/** Columns or tensors, as MLflow writes them in JSON. */
export interface MlSignature {
  readonly inputs?: JsonValue | undefined
  readonly outputs?: JsonValue | undefined
  readonly params?: JsonValue | undefined
}

/** Something that runs code of the model's when it is loaded. */
export interface UnsafeFlavor {
  readonly flavor: string
  /** A sentence without its stop. */
  readonly reason: string
}

/** Signatures of thousands of columns have some hundred kilobytes. PyYAML writes anchors for what is there twice. */
const LIMITS: YamlLimits = { bytes: 8 * 1024 * 1024, depth: 64, values: 50_000, aliases: true }

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The model of the bytes of an `MLmodel`. `TABLE_CORRUPT` where it is no YAML with flavors, or its signature no JSON;
 * `UNSUPPORTED_FEATURE` where it is too long or too deep.
 */
export function readMlModel(
  bytes: Uint8Array,
  { path }: { readonly path?: string | undefined } = {},
): MlModel {
  const { typed, texts } = readYaml(decoded(bytes, path), LIMITS, { what: 'an MLmodel', path })
  if (!isJsonObject(typed) || !isJsonObject(texts)) {
    throw corrupt('an MLmodel', 'it is no mapping', { path })
  }
  const text = (key: string) => textOf(typed[key], texts[key], { key, path })
  const { model_size_bytes: size, is_signature_from_type_hint: hint } = typed
  return {
    flavors: flavorsOf(typed.flavors, path),
    signature: signatureOf(typed.signature, path),
    modelUuid: text('model_uuid'),
    modelId: text('model_id'),
    runId: text('run_id'),
    artifactPath: text('artifact_path'),
    mlflowVersion: text('mlflow_version'),
    utcTimeCreated: text('utc_time_created'),
    modelSizeBytes: typeof size === 'number' ? size : undefined,
    isSignatureFromTypeHint: typeof hint === 'boolean' ? hint : undefined,
    metadata: typed.metadata ?? undefined,
    savedInputExampleInfo: typed.saved_input_example_info ?? undefined,
    resources: typed.resources ?? undefined,
    authPolicy: typed.auth_policy ?? undefined,
    envVars: typed.env_vars ?? undefined,
  }
}

/** Flavors that run code of the model's: `python_function` always, others where they name what is pickled. */
export function unsafeFlavors({ flavors }: MlModel): readonly UnsafeFlavor[] {
  const found: UnsafeFlavor[] = []
  for (const [flavor, members] of Object.entries(flavors)) {
    if (flavor === 'python_function') {
      const loader = quotedName(String(members.loader_module ?? 'none'))
      found.push({ flavor, reason: `loading it runs Python of the model's (loader ${loader})` })
    }
    for (const [key, value] of Object.entries(members)) {
      if (typeof value !== 'string') continue
      const isPickled = /pickle|joblib|dill/i.test(value) || pickleByName(value) !== undefined
      if (!isPickled || key === 'loader_module' || key.endsWith('_version')) continue
      found.push({ flavor, reason: `its ${key} is ${quotedName(value)}, a pickle` })
    }
  }
  return found
}

function decoded(bytes: Uint8Array, path: string | undefined): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw corrupt('an MLmodel in UTF-8', 'its bytes are none', { path, cause })
  }
}

function flavorsOf(
  value: JsonValue | undefined,
  path: string | undefined,
): Readonly<Record<string, JsonObject>> {
  const flavors = isJsonObject(value) ? Object.entries(value) : []
  if (flavors.length === 0) throw corrupt('an MLmodel', 'it has no flavors', { path })
  return Object.fromEntries(
    flavors.map(([flavor, members]) => {
      if (members === null) return [flavor, {}]
      if (isJsonObject(members)) return [flavor, members]
      throw corrupt('an MLmodel', `its flavor ${quotedName(flavor)} is no mapping`, { path })
    }),
  )
}

function signatureOf(
  value: JsonValue | undefined,
  path: string | undefined,
): MlSignature | undefined {
  if (value === undefined || value === null) return undefined
  if (!isJsonObject(value)) throw corrupt('an MLmodel', 'its signature is no mapping', { path })
  const part = (key: string): JsonValue | undefined => {
    const text = value[key]
    if (text === undefined || text === null) return undefined
    const what = `the ${key} of the signature of an MLmodel`
    if (typeof text !== 'string') throw corrupt(what, 'they are no text', { path })
    return readStrictJson(new TextEncoder().encode(text), { what, path })
  }
  return { inputs: part('inputs'), outputs: part('outputs'), params: part('params') }
}

function textOf(
  typed: JsonValue | undefined,
  text: JsonValue | undefined,
  { key, path }: { readonly key: string; readonly path: string | undefined },
): string | undefined {
  if (typed === undefined || typed === null) return undefined
  if (typeof text === 'string') return text
  throw corrupt('an MLmodel', `its ${key} is no text`, { path })
}
