// Builds static/dist/, or the folder named, from static/css, static/js and static/img with the npm packages they import:
// every file under a name that carries a hash of its content, so that browsers may keep it for ever;
// manifest.json from logical names (css/app.css) to those; scan.json, what the scan app needs offline;
// a brotli and a gzip copy of what shrinks.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "static");
const dist = resolve(process.argv[2] ?? join(source, "dist"));

// Every browser in use reads woff2; the older woff that the font packages also name is left out.
const withoutWoff = {
  name: "without-woff",
  setup(builder) {
    builder.onLoad({ filter: /@fontsource[\\/].*\.css$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(/,\s*url\([^)]*\.woff\)\s*format\(["']woff["']\)/g, ""),
      loader: "css",
    }));
  },
};

function filesOf(folder, pattern) {
  const path = join(source, folder);
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && pattern.test(entry.name)).map((entry) => join(path, entry.name));
}

function copyHashed(manifest, logical, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
  manifest[logical] = logical.replace(/(\.[^.]+)$/, `-${hash}$1`);
  mkdirSync(dirname(join(dist, manifest[logical])), { recursive: true });
  writeFileSync(join(dist, manifest[logical]), content);
}

function copyImages(manifest) {
  for (const path of filesOf("img", /\.(png|svg|ico|webp)$/)) copyHashed(manifest, relative(source, path), readFileSync(path));
}

// The built files with these logical names, and all that they load: pieces of scripts, fonts of styles.
function needed(names, manifest) {
  const found = new Set();
  const add = (name) => {
    if (!name || found.has(name)) return;
    found.add(name);
    const imports = outputs[relative(root, join(dist, name))]?.imports ?? [];
    for (const { path, external } of imports) if (!external) add(relative(dist, join(root, path)));
  };
  for (const name of names) add(manifest[name]);
  return [...found].sort();
}

function compress(path) {
  const content = readFileSync(path);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  for (const [suffix, small] of [[".br", brotliCompressSync(content, quality)], [".gz", gzipSync(content, { level: 9 })]]) {
    if (small.length < content.length * 0.95) writeFileSync(path + suffix, small);
  }
}

// Where the package keeps what its scripts fetch while they run: both must be of one version, so both come from here.
const FETCHED = { "assets/zxing_reader.wasm": "node_modules/zxing-wasm/dist/reader/zxing_reader.wasm" };
// What the scan app works with when there is no network, beside the page itself.
const SCAN = ["css/scan.css", "js/scan.js", "js/scan-decoder.js", "assets/zxing_reader.wasm"];

const common = {
  outbase: source,
  outdir: dist,
  entryNames: "[dir]/[name]-[hash]",
  chunkNames: "js/chunks/[name]-[hash]",
  assetNames: "assets/[name]-[hash]",
  bundle: true,
  minify: true,
  target: ["chrome90", "firefox100", "safari15"],
  loader: { ".woff2": "file", ".png": "file", ".svg": "file", ".gif": "file" },
  plugins: [withoutWoff],
  absWorkingDir: root,
  metafile: true,
  legalComments: "linked",
  logLevel: "warning",
};

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

// The scan app is cut into pieces that are loaded when they are wanted; all else is one script a page.
const modules = [join(source, "js", "scan.js")].filter(existsSync);
const scripts = filesOf("js", /\.m?js$/).filter((path) => !modules.includes(path));
const built = [
  await build({ ...common, entryPoints: [...filesOf("css", /\.css$/), ...scripts], format: "iife" }),
  await build({ ...common, entryPoints: modules, format: "esm", splitting: true }),
];
const outputs = Object.assign({}, ...built.map(({ metafile }) => metafile.outputs));

const manifest = {};
for (const [output, { entryPoint }] of Object.entries(outputs)) {
  // Pieces of packages have an entry, too; nobody asks for them by name.
  if (entryPoint?.startsWith("static/")) manifest[relative(source, join(root, entryPoint))] = relative(dist, join(root, output));
}
copyImages(manifest);
for (const [logical, path] of Object.entries(FETCHED)) copyHashed(manifest, logical, readFileSync(join(root, path)));
for (const output of readdirSync(dist, { recursive: true })) {
  if (/\.(css|js|svg|txt|wasm)$/.test(output)) compress(join(dist, output));
}
const sorted = Object.fromEntries(Object.entries(manifest).sort());
writeFileSync(join(dist, "manifest.json"), `${JSON.stringify(sorted, null, 2)}\n`);
writeFileSync(join(dist, "scan.json"), `${JSON.stringify(needed(SCAN, manifest), null, 2)}\n`);
