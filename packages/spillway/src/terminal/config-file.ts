/** The configuration that is meant unless another is named. */
export const CONFIG_FILE = 'spillway.yaml'
