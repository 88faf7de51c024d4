// The npm packages of script/test-tools lie outside the tree: `load` imports one from there.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const folder = process.env.TIDEGATE_NODE_FOLDER;
const require = createRequire(pathToFileURL(`${folder}/package.json`));

export async function load(name) {
  return import(pathToFileURL(require.resolve(name)));
}
