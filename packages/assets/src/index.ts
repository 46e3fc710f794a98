export { type AssetFilesOptions, createAssetFiles } from './folders/asset-files.js'
