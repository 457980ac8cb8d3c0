// Builds static/dist/, or the folder named, from static/css, static/js and static/img with the npm packages they import:
// every file under a name that carries a hash of its content, so that browsers may keep it for ever;
// manifest.json from logical names (css/app.css) to those; a brotli and a gzip copy of what shrinks.

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

function copyImages(manifest) {
  for (const path of filesOf("img", /\.(png|svg|ico|webp)$/)) {
    const content = readFileSync(path);
    const hash = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
    const logical = relative(source, path);
    manifest[logical] = logical.replace(/(\.[^.]+)$/, `-${hash}$1`);
    mkdirSync(join(dist, "img"), { recursive: true });
    writeFileSync(join(dist, manifest[logical]), content);
  }
}

function compress(path) {
  const content = readFileSync(path);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  for (const [suffix, small] of [[".br", brotliCompressSync(content, quality)], [".gz", gzipSync(content, { level: 9 })]]) {
    if (small.length < content.length * 0.95) writeFileSync(path + suffix, small);
  }
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

const { metafile } = await build({
  entryPoints: [...filesOf("css", /\.css$/), ...filesOf("js", /\.m?js$/)],
  outbase: source,
  outdir: dist,
  entryNames: "[dir]/[name]-[hash]",
  assetNames: "assets/[name]-[hash]",
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome90", "firefox100", "safari15"],
  loader: { ".woff2": "file", ".png": "file", ".svg": "file", ".gif": "file" },
  plugins: [withoutWoff],
  absWorkingDir: root,
  metafile: true,
  legalComments: "linked",
  logLevel: "warning",
});

const manifest = {};
for (const [output, { entryPoint }] of Object.entries(metafile.outputs)) {
  if (entryPoint) manifest[relative(source, join(root, entryPoint))] = relative(dist, join(root, output));
}
copyImages(manifest);
for (const output of readdirSync(dist, { recursive: true })) {
  if (/\.(css|js|svg|txt)$/.test(output)) compress(join(dist, output));
}
const sorted = Object.fromEntries(Object.entries(manifest).sort());
writeFileSync(join(dist, "manifest.json"), `${JSON.stringify(sorted, null, 2)}\n`);
