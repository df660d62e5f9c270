/** What prettier and the compiler do not see: mistakes with promises, types and sizes. */
import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import globals from "globals";
import ts from "typescript-eslint";

const typescript = ["**/*.ts", "**/*.tsx"];
const javascript = ["**/*.js", "**/*.mjs"];

/** Their promises are for tests inside tests; the runner waits for the others. */
const nodeTest = [
  { from: "package", name: ["test", "it", "describe", "suite"], package: "node:test" },
];

export default defineConfig(
  globalIgnores([
    "target/",
    "pkg/",
    "**/dist/",
    "**/node_modules/",
    "tests/types/consumer/", // values of which only the types count
    "tests/packaging/consumers/", // applications with types and rules of their own
    "tests/tarball/types/", // compiled by a test, in several ways
    "tests/stacks/servers/*.ts", // applications of their own, with decorators
    "tests/stacks/dist/",
  ]),
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  ts.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: "tsconfig.json", tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-empty-function": "off",
      "@typescript-eslint/no-extraneous-class": ["error", { allowEmpty: true }],
      "@typescript-eslint/non-nullable-type-assertion-style": "off",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
    },
  },
  {
    // Event maps are written as users of socket.io write them; both forms of types are good.
    files: typescript,
    rules: { "@typescript-eslint/consistent-type-definitions": "off" },
  },
  {
    // Without annotations most of the typed rules only see `any`.
    files: javascript,
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    rules: {
      ...ts.configs.disableTypeChecked.rules,
      "@typescript-eslint/no-floating-promises": ["error", { allowForKnownSafeCalls: nodeTest }],
      "@typescript-eslint/no-misused-promises": "error",
    },
  },
  {
    files: ["pkg-template/src/**", "tools/**"],
    rules: {
      "max-lines": ["error", { max: 400 }],
      "max-lines-per-function": ["error", { max: 40, skipComments: true, skipBlankLines: true }],
    },
  },
  {
    // The demo is an application like any other: it sees the published package only.
    files: ["www/**"],
    rules: { "no-restricted-imports": ["error", { patterns: ["**/pkg-template/**"] }] },
  },
);
