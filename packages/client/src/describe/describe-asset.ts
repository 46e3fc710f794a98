import type { AssetClient } from '../assets/asset-client.js'
import type { VersionedName } from '../assets/asset-name.js'
import type { AssetDescription, DescribeAssetOptions } from './asset-description.js'

/**
 * What is in a volume, a skill or a version of a model, by its list of files and by small reads of some of them: `MLmodel`,
 * headers of safetensors and their index, what is pickled, `model.sig`, `SKILL.md`. A file that cannot be read is among
 * `faults`, and does not hide the rest. Nothing is loaded, and no signature is verified.
 */
export async function describeAsset(
  client: AssetClient,
  name: string | VersionedName,
  options: DescribeAssetOptions = {},
): Promise<AssetDescription> {
  // What reads models, skills and signatures is loaded by who asks for it: most clients list and query.
  const { lookIntoAsset } = await import('./look-into-asset.js')
  return lookIntoAsset(client, name, options)
}
