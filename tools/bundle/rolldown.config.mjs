/**
 * The browser scripts as bundles, each under the name of its module: `rolldown -c`, in a directory that has the static files of
 * all apps side by side in `modules/`. The result lies over them (tools/dist.py).
 */
// Not the two scripts of the preview in the admin: they share a list, so both or none; and what they share with the inbox
// page and the bell would be chunks of its own, and so requests of these.
const ENTRIES = [
  "push/page", "push/bell", "push/banners", "push/reddot", "push/signed-out",
  "inbox/start", "inbox/follow", "inbox/visited",
  "site/site",
];

/**
 * Chunks import each other in circles, so no tool can put the hash of their contents into their names again; they have one
 * already. Django's ManifestStaticFilesStorage looks for imports that end in a semicolon, and for `import("…")`: here is
 * neither.
 */
const keepNames = {
  name: "keep-names",
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== "chunk") continue;
      chunk.code = chunk.code
        .replace(/((?:\bimport|\bfrom)\s*"\.[^"]+");/g, "$1\n")
        .replace(/\bimport\((["'`])(\.[^"'`]+)\1\)/g, "import(`$2`)");
    }
  },
};

export default {
  input: Object.fromEntries(ENTRIES.map((name) => [name, `modules/${name}.js`])),
  plugins: [keepNames],
  preserveEntrySignatures: "allow-extension",
  output: {
    dir: "bundle",
    format: "es",
    minify: true,
    entryFileNames: "[name].js",
    chunkFileNames: "reddot/[name]-[hash].js",
    // All that a page with bell and banners needs at once; other scripts take what they share with it from there. What starts the
    // inbox page and two small modules that only others share are in it too: a request costs more than they do.
    // The rows, which the inbox page and the bell's panel share, are in a chunk that both need.
    codeSplitting: { groups: [{ name: "rows", test: /\/shared\/(rows\/(?!swipe\.js)|kept)/ }, { name: "page", priority: 1, test: /\/push\/page\.js$|\/inbox\/start\.js$|\/shared\/(face|visible)\.js$/ }] },
  },
};
