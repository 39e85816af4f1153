import { svelte } from "@sveltejs/vite-plugin-svelte";
import { loadEnv } from "vite";
import { defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  // Relative addresses, so that the page also works behind a proxy that puts it below a path.
  base: "./",
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // The operator's page, and what the API can be asked: two pages that share nothing but where they come from.
    rolldownOptions: { input: ["index.html", "docs.html"] },
    chunkSizeWarningLimit: 2048,
    license: { fileName: "licenses.md" },
  },
  // During development the page comes from Vite and the API from a running service (or tests/dashboard/fake_front.py).
  server: { proxy: { "/api": { target: loadEnv(mode, ".", "ALARMCORE_")["ALARMCORE_URL"] ?? "http://127.0.0.1:8080", ws: true } } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
}));
