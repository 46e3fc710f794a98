// What needs Node's own modules; everything of the main entry runs in browsers.
export { type AssetFilesOptions, createAssetFiles } from './folders/asset-files.js'
