/// <reference types="vitest/config" />
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { mock } from './mock/plugin.ts';

const out = resolve(import.meta.dirname, '../internal/web/assets/static');

/** Empties the output folder before a build but leaves what git keeps there (dot files), so that Go can always embed it. */
function emptyOut(): Plugin {
  return {
    name: 'cordboard-empty-out',
    apply: 'build',
    buildStart() {
      for (const name of readdirSync(out)) if (!name.startsWith('.')) rmSync(resolve(out, name), { recursive: true });
    },
  };
}

/** Ships the typeface's licence beside it. */
function fontLicence(): Plugin {
  return {
    name: 'cordboard-font-licence',
    apply: 'build',
    generateBundle() {
      const text = readFileSync(resolve(import.meta.dirname, 'node_modules/@fontsource-variable/inter/LICENSE'), 'utf8');
      this.emitFile({ type: 'asset', fileName: 'assets/inter-licence.txt', source: text });
    },
  };
}

export default defineConfig({
  base: '/',
  appType: 'mpa',
  plugins: [svelte(), emptyOut(), fontLicence(), mock()],
  build: {
    outDir: out,
    emptyOutDir: false,
    // light-dark() and popover as they are; nothing older is supported.
    target: ['chrome123', 'edge123', 'firefox125', 'safari17.5'],
    assetsInlineLimit: 0, // the page's policy allows no data: fonts or images
    modulePreload: { polyfill: false },
    rollupOptions: {
      output: { chunkFileNames: 'assets/kit-[hash].js' }, // what both apps share
      input: {
        console: resolve(import.meta.dirname, 'console/index.html'),
        manager: resolve(import.meta.dirname, 'manager/index.html'),
      },
    },
  },
  server: { host: '127.0.0.1', port: 5173 },
  preview: { host: '127.0.0.1', port: 4173 },
  test: { environment: 'node', include: ['kit/**/*.test.ts', 'api/**/*.test.ts', 'console/**/*.test.ts', 'manager/**/*.test.ts'] },
});
