// Reads `cargo metadata` and holds every licence against deny.toml's `allow` list.
import { readFileSync } from "node:fs";

const deny = readFileSync(process.argv[2], "utf8");
const list = /^allow = \[([^\]]*)\]/m.exec(deny)?.[1] ?? "";
const allowed = new Set([...list.matchAll(/"([^"]+)"/g)].map(([, name]) => name));
const { packages } = JSON.parse(readFileSync(0, "utf8"));

/** Whether an SPDX expression can be met with allowed licences alone. */
function isMet(expression) {
  // "MIT/Apache-2.0" is the old way to write OR.
  const tokens = expression.replaceAll("/", " OR ").match(/\(|\)|[^\s()]+/g) ?? [];
  let at = 0;
  const either = () => {
    let met = both();
    while (tokens[at] === "OR") { at += 1; const right = both(); met = met || right; }
    return met;
  };
  const both = () => {
    let met = one();
    while (tokens[at] === "AND") { at += 1; const right = one(); met = met && right; }
    return met;
  };
  const one = () => {
    if (tokens[at] === "(") { at += 1; const met = either(); at += 1; return met; }
    let name = tokens[at];
    at += 1;
    if (tokens[at] === "WITH") { name = `${name} WITH ${tokens[at + 1]}`; at += 2; }
    return allowed.has(name);
  };
  return either();
}

const problems = packages.filter(({ source }) => source !== null).flatMap(({ name, version, license, source }) => [
  ...(isMet(license ?? "none") ? [] : [`${name} ${version}: the licence ${license ?? "(none)"} is not in deny.toml`]),
  ...(source.startsWith("registry+") ? [] : [`${name} ${version} does not come from the registry`]),
]);
for (const problem of problems) console.error(`check-licences: ${problem}`);
if (allowed.size === 0) console.error("check-licences: deny.toml has no allow list");
process.exit(problems.length > 0 || allowed.size === 0 ? 1 : 0);
